#include "controller/assign/shuffle.h"

#include <algorithm>
#include <map>

#include "common/assign/random_order.h"
#include "common/assign/rules.h"

namespace motley::controller {
namespace {

/// A gateway that can change places.
struct Candidate {
  std::uint64_t order;
  FleetIndex::Row row;
  std::int32_t variant;
};

struct Swap {
  std::uint64_t order;
  Candidate one;
  Candidate other;
};

class Shuffler {
 public:
  Shuffler(const Scene& scene, const v1::ShuffleRequest& request) : scene_(scene), request_(request) {}

  void Add(const assign::Rule& rule, const assign::Balance& balance) {
    std::map<FleetClasses::Class, std::vector<Candidate>> classes;
    for (const FleetIndex::Row row : scene_.rows()) {
      const std::int32_t variant = RunningOf(row);
      if (variant == assign::kNone || !Names(balance, variant) || taken_.contains(row)) continue;
      const assign::GatewayClass& gateways = scene_.ClassOf(row);
      if (!assign::IsMember(rule, gateways) || !assign::CanRun(scene_.problem(), gateways, variant)) continue;
      classes[scene_.fleet_problem().classes().Of(row)].push_back(
          {assign::RandomOrder(request_.seed(), scene_.fleet().Name(row)), row, variant});
    }
    for (auto& [number, candidates] : classes) Pair(candidates);
  }

  std::vector<ShuffleMove> Take(std::size_t most) {
    std::sort(swaps_.begin(), swaps_.end(), [](const Swap& a, const Swap& b) { return a.order < b.order; });
    std::vector<ShuffleMove> moves;
    for (const Swap& swap : swaps_) {
      if (moves.size() + 2 > most) break;
      moves.push_back({swap.one.row, static_cast<std::size_t>(swap.other.variant), swap.other.row});
      moves.push_back({swap.other.row, static_cast<std::size_t>(swap.one.variant), swap.one.row});
    }
    std::sort(moves.begin(), moves.end(), [&](const ShuffleMove& a, const ShuffleMove& b) {
      return scene_.fleet().Name(a.row) < scene_.fleet().Name(b.row);
    });
    return moves;
  }

 private:
  /// Of the release itself; one of another version does not count.
  std::int32_t RunningOf(FleetIndex::Row row) const {
    const Wanted* before = scene_.Before(row);
    if (before == nullptr || before->version != scene_.question().release->release.version()) return assign::kNone;
    return scene_.PlaceOf(before->variant) - 1;
  }

  static bool Names(const assign::Balance& balance, std::int32_t variant) {
    return std::find(balance.variants.begin(), balance.variants.end(), variant) != balance.variants.end();
  }

  /// As many pairs with different variants as there can be: the most frequent variant with the next one.
  void Pair(std::vector<Candidate>& candidates) {
    std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
    std::map<std::int32_t, std::vector<Candidate>> by_variant;
    for (const Candidate& candidate : candidates) by_variant[candidate.variant].push_back(candidate);
    while (true) {
      std::vector<std::vector<Candidate>*> left;
      for (auto& [variant, some] : by_variant) {
        if (!some.empty()) left.push_back(&some);
      }
      if (left.size() < 2) return;
      std::partial_sort(left.begin(), left.begin() + 2, left.end(), [](const auto* a, const auto* b) {
        return a->size() != b->size() ? a->size() > b->size() : a->back().variant < b->back().variant;
      });
      const Candidate one = left[0]->back();
      const Candidate other = left[1]->back();
      left[0]->pop_back();
      left[1]->pop_back();
      swaps_.push_back({std::min(one.order, other.order), one, other});
      taken_[one.row] = taken_[other.row] = true;
    }
  }

  const Scene& scene_;
  const v1::ShuffleRequest& request_;
  std::map<FleetIndex::Row, bool> taken_;
  std::vector<Swap> swaps_;
};

}  // namespace

Result<std::vector<ShuffleMove>> Shuffle(const Scene& scene, const v1::ShuffleRequest& request) {
  if (request.moves() == 1) {
    return Error{Code::kInvalid, "shuffle: two gateways change places, which is 2 moves; allow more than 1"};
  }
  Shuffler shuffler(scene, request);
  bool balances = false;
  for (const FleetRule& rule : scene.application().rules) {
    const auto* balance = std::get_if<assign::Balance>(&rule.rule.what);
    if (balance == nullptr) continue;
    balances = true;
    // The problem's rule knows which selector of the problem it has; names are unique in a release.
    for (const assign::Rule& tied : scene.problem().rules) {
      if (tied.name == rule.rule.name && tied.line == rule.rule.line) shuffler.Add(tied, *balance);
    }
  }
  if (!balances) {
    return Error{Code::kInvalid,
                 "shuffle: the release has no balance rule, so none of its variants are interchangeable; add one"};
  }
  return shuffler.Take(request.moves() == 0 ? SIZE_MAX : request.moves());
}

}  // namespace motley::controller
