#include "controller/assign/choose.h"

#include <algorithm>
#include <utility>

#include "common/assign/random_order.h"
#include "common/fleet/evaluate.h"
#include "common/selector/selector.h"

namespace motley::controller {
namespace {

constexpr std::string_view kProduction = "!has(tags.environment) || tags.environment == \"production\"";

Result<std::size_t> SizeOf(const v1::PreviewRequest& request, std::size_t candidates) {
  if (request.size_case() == v1::PreviewRequest::kPercent) {
    if (request.percent() == 0 || request.percent() > 100) {
      return Error{Code::kInvalid, "preview: " + std::to_string(request.percent()) + " % is not from 1 to 100"};
    }
    return (candidates * request.percent() + 99) / 100;
  }
  if (request.gateways() == 0) return Error{Code::kInvalid, "preview: say how many gateways, or what percentage"};
  if (request.gateways() > candidates) {
    return Error{Code::kInvalid, "preview: there are " + std::to_string(candidates) + " gateways to choose from, and " +
                                     std::to_string(request.gateways()) + " are wanted; ask for fewer"};
  }
  return request.gateways();
}

}  // namespace

Result<std::vector<FleetIndex::Row>> ChoosePreview(const FleetIndex& fleet, const v1::PreviewRequest& request) {
  const std::string where = request.where().empty() ? std::string(kProduction) : request.where();
  TRY_ASSIGN(const Selector selector, Selector::Parse(where).While("preview: where"));
  std::vector<std::pair<std::uint64_t, FleetIndex::Row>> candidates;
  ColumnEvaluator(fleet).Evaluate(selector.expression()).ForEach([&](std::size_t i) {
    const auto row = static_cast<FleetIndex::Row>(i);
    candidates.emplace_back(assign::RandomOrder(request.seed(), fleet.Name(row)), row);
  });
  TRY_ASSIGN(const std::size_t size, SizeOf(request, candidates.size()));
  std::sort(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : fleet.Name(a.second) < fleet.Name(b.second);
  });
  std::vector<FleetIndex::Row> rows;
  for (std::size_t i = 0; i < size; ++i) rows.push_back(candidates[i].second);
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace motley::controller
