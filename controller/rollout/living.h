#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/loop/loop.h"
#include "controller/registry/registry.h"
#include "controller/rollout/proposals.h"
#include "controller/rollout/release_book.h"
#include "controller/rollout/safe_modes.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Carries out plans that nobody has to be asked about.
class PlanCarrier {
 public:
  virtual ~PlanCarrier() = default;
  /// Approves the plan, unless it is approved already, and enacts it, by the policy of its release.
  virtual Result<v1::Plan> CarryOut(std::uint64_t plan) = 0;
  /// Rejects the plan, since plan `by` takes its place.
  virtual Result<void> Supersede(std::uint64_t plan, std::uint64_t by, const std::string& reason) = 0;
};

/// Keeps plans true while the fleet lives: gateways that join, or change so that what they are to run does not fit any
/// more, get a plan of their own, as the current release of each application says; once a day those that may change
/// places do; and so often as the release says, all are assigned anew. Loop thread only.
class Living final : public AttributesListener {
 public:
  /// Gateways that come within this time of each other get one plan.
  static constexpr std::chrono::seconds kQuiet{1};
  /// Nobody waits longer, however many come.
  static constexpr std::chrono::seconds kPatience{10};
  static constexpr std::chrono::hours kDay{24};

  /// All outlive this object.
  Living(Loop& loop, Store& store, Registry& registry, ReleaseBook& book, const SafeModes& safe_modes,
         Proposals& proposals, PlanCarrier& carrier)
      : loop_(loop),
        store_(store),
        registry_(registry),
        book_(book),
        safe_modes_(safe_modes),
        proposals_(proposals),
        carrier_(carrier) {}

  /// Errors: as Database.
  Result<void> Start();
  void OnAttributesChanged(const std::string& gateway) override;
  /// Looks at all gateways soon: another release is the current one, say.
  void ConsiderAll();

 private:
  void Arm();
  void Look();
  void Join(const std::string& application, const std::set<std::string>& changed);
  /// The newest join plan, or the one that has taken its place. Nothing: there is none. Errors: as Database.
  Result<std::optional<v1::Plan>> LastJoin(const std::string& application) const;
  /// Whether the gateway has nothing of the application to run that fits, though there is something.
  bool Needs(const Twin& twin, const PreparedRelease& current);
  void Joined(const Order& order, Result<Decision> decision);
  /// Stores the plan, then does the rest. `what`: of the warning if either fails.
  void Insert(const Order& order, Decision decision, const std::string& what,
              std::function<Result<void>(const v1::Plan&)> rest);
  Result<void> StoreJoin(const Order& order, Decision decision);

  /// By application: when something was last done; microseconds.
  using Times = std::map<std::string, std::int64_t>;
  /// How often it is to be done, in microseconds; 0: never.
  using Period = std::int64_t (*)(const v1::Release& release);
  /// When the first application of all is due; nothing: none ever.
  std::optional<std::int64_t> NextOf(Times& last_us, Period period);
  /// Those that are due, which counts as done.
  std::vector<std::shared_ptr<const PreparedRelease>> TakeDue(Times& last_us, Period period);
  void Schedule();
  void Shuffle(const std::shared_ptr<const PreparedRelease>& release);
  void Optimise(const std::shared_ptr<const PreparedRelease>& release);
  /// `plan` is what Optimise has made.
  Result<void> Optimised(const Order& order, const v1::Plan& plan);

  Loop& loop_;
  Store& store_;
  Registry& registry_;
  ReleaseBook& book_;
  const SafeModes& safe_modes_;
  Proposals& proposals_;
  PlanCarrier& carrier_;

  std::set<std::string> changed_;
  std::chrono::steady_clock::time_point first_change_;
  Handle timer_;
  /// The newest join plan that was made here, of each application.
  std::map<std::string, std::uint64_t> last_join_;
  /// When gateways last changed places, or a release came.
  Times last_shuffle_us_;
  /// When all were last assigned.
  Times last_optimum_us_;
  /// The newest plan that Optimise has made.
  std::map<std::string, std::uint64_t> last_optimum_;
  Handle schedule_timer_;
};

}  // namespace motley::controller
