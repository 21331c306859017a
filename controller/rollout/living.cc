#include "controller/rollout/living.h"

#include <algorithm>

#include "common/log/log.h"
#include "controller/assign/reasons.h"
#include "controller/rollout/difference.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::int64_t kDayUs = std::chrono::duration_cast<std::chrono::microseconds>(Living::kDay).count();

std::int64_t ShufflePeriodUs(const v1::Release& release) { return release.moves_per_day() == 0 ? 0 : kDayUs; }
std::int64_t OptimumPeriodUs(const v1::Release& release) { return release.optimise_every_hours() * kHourUs; }

std::vector<std::string> NamesOf(const Decision& decision) {
  std::vector<std::string> names;
  for (const v1::Assignment& assignment : decision.assignments) names.push_back(assignment.gateway());
  return names;
}

}  // namespace

Result<void> Living::Start() {
  TRY_ASSIGN(const v1::PlanList plans, store_.plans().List());
  for (const v1::Plan& plan : plans.plans()) {
    if (plan.kind() == v1::Plan::KIND_JOIN) last_join_.try_emplace(plan.application(), plan.id());
    const bool counts = plan.kind() == v1::Plan::KIND_SHUFFLE || plan.kind() == v1::Plan::KIND_PRODUCTION;
    if (!counts || plan.state() != v1::Plan::STATE_ENACTED) continue;
    const auto note = [&](Times& last_us) {
      std::int64_t& last = last_us[plan.application()];
      last = std::max(last, ToMicros(plan.enacted_at()));
    };
    note(last_shuffle_us_);
    if (plan.kind() == v1::Plan::KIND_PRODUCTION) note(last_optimum_us_);
  }
  if (!book_.current().empty()) ConsiderAll();
  return {};
}

void Living::OnAttributesChanged(const std::string& gateway) {
  if (book_.current().empty()) return;
  if (changed_.empty()) first_change_ = loop_.Now();
  changed_.insert(gateway);
  Arm();
}

void Living::ConsiderAll() {
  if (changed_.empty()) first_change_ = loop_.Now();
  for (const auto& [id, twin] : registry_.twins()) changed_.insert(id);
  Arm();
  Schedule();
}

void Living::Arm() {
  const auto latest = first_change_ + kPatience - loop_.Now();
  const std::chrono::steady_clock::duration quiet = kQuiet;
  timer_ = loop_.After(std::clamp(latest, std::chrono::steady_clock::duration::zero(), quiet), [this] { Look(); });
}

void Living::Look() {
  // A plan that is being solved may be about the same gateways, and what has changed since can not be asked for yet.
  if (registry_.view().pinned()) {
    first_change_ = loop_.Now();
    return Arm();
  }
  const std::set<std::string> changed = std::exchange(changed_, {});
  const auto current = book_.current();
  for (const auto& [application, version] : current) Join(application, changed);
}

void Living::Join(const std::string& application, const std::set<std::string>& changed) {
  const auto current = book_.Current(application);
  if (!current) return LogWarning("gateways that join get nothing of {}: {}", application, current.error().message);
  if ((*current)->release.joining() == v1::JOINING_IGNORE) return;
  std::set<std::string> candidates = changed;
  const auto last = LastJoin(application);
  if (last && *last && (*last)->state() == v1::Plan::STATE_PROPOSED) {
    // Those that wait for an answer already go into the same plan.
    candidates.insert((*last)->request().join().gateways().begin(), (*last)->request().join().gateways().end());
  }
  Order order{.kind = v1::Plan::KIND_JOIN, .release = *current};
  std::vector<std::string> names;
  for (const std::string& gateway : candidates) {
    const Twin* twin = registry_.Find(gateway);
    if (twin == nullptr || !Needs(*twin, **current)) continue;
    order.request.mutable_join()->add_gateways(gateway);
    names.push_back(gateway);
  }
  if (names.empty()) return;
  order.request.set_application(application);
  order.request.set_version((*current)->release.version());
  order.cause = std::to_string(names.size()) + " joined or changed: " + Listed(names);
  proposals_.Decide(order, [this, order](Result<Decision> decision) { Joined(order, std::move(decision)); });
}

Result<std::optional<v1::Plan>> Living::LastJoin(const std::string& application) const {
  std::optional<v1::Plan> plan;
  const auto last = last_join_.find(application);
  std::uint64_t id = last == last_join_.end() ? 0 : last->second;
  // Approving one after the fleet has moved on puts another in its place.
  for (; id > 0; id = plan ? plan->replaced_by() : 0) {
    TRY_ASSIGN(plan, store_.plans().Find(id));
  }
  return plan;
}

bool Living::Needs(const Twin& twin, const PreparedRelease& current) {
  if (!twin.enrolled()) return false;
  const std::string& application = current.release.application();
  const Attributes attributes = twin.SelectorAttributes();
  const auto runs = [&](const PreparedRelease& release, const std::string& variant) {
    for (int i = 0; i < release.release.variants_size(); ++i) {
      if (release.release.variants(i).name() != variant) continue;
      return !WhyNot(release, static_cast<std::size_t>(i), attributes);
    }
    return false;
  };
  if (const auto wanted = safe_modes_.WantedOf(twin, application)) {
    if (wanted->version == current.release.version()) {
      if (runs(current, wanted->variant)) return false;
    } else if (const auto release = book_.Get(application, wanted->version)) {
      if (runs(**release, wanted->variant)) return false;
    }
  }
  const auto& variants = current.release.variants();
  return std::any_of(variants.begin(), variants.end(),
                     [&](const v1::Variant& variant) { return runs(current, variant.name()); });
}

void Living::Joined(const Order& order, Result<Decision> decision) {
  if (!decision) {
    return LogWarning("{} of {}, but there is no plan: {}", order.cause, order.request.application(),
                      decision.error().message);
  }
  if (const auto stored = StoreJoin(order, *std::move(decision)); !stored) {
    LogWarning("{} of {}: {}", order.cause, order.request.application(), stored.error().message);
  }
}

Result<void> Living::StoreJoin(const Order& order, Decision decision) {
  if (decision.assigned == 0) {
    LogInfo("{}: nothing of {} for them by its rules", order.cause, order.request.application());
    return {};
  }
  const std::string& application = order.request.application();
  const bool by_policy = order.release->release.joining() == v1::JOINING_APPROVE;
  TRY_ASSIGN(const auto last, LastJoin(application));
  const bool waits = last && last->state() == v1::Plan::STATE_PROPOSED;
  if (last && last->version() == order.release->release.version()) {
    std::vector<v1::Assignment> before;
    TRY(store_.plans().ForEachAssignment(
        last->id(), [&](AssignmentRecord record) { before.push_back(std::move(record.assignment)); }));
    const bool same = DifferenceOf(before, decision.assignments).empty();
    if (same && last->state() == v1::Plan::STATE_REJECTED) return {};
    if (same && (waits || last->state() == v1::Plan::STATE_APPROVED)) {
      // By policy it is left like this only where a stop of the controller, or an error, came in between.
      if (by_policy) TRY(carrier_.CarryOut(last->id()));
      return {};
    }
  }
  const std::uint64_t replaced = waits ? last->id() : 0;
  Insert(order, std::move(decision), order.cause + " of " + application,
         [this, application, by_policy, replaced](const v1::Plan& plan) -> Result<void> {
           last_join_[application] = plan.id();
           if (replaced > 0) {
             TRY(carrier_.Supersede(replaced, plan.id(), "plan " + std::to_string(plan.id()) + " takes its place"));
           }
           if (by_policy) TRY(carrier_.CarryOut(plan.id()));
           return {};
         });
  return {};
}

void Living::Insert(const Order& order, Decision decision, const std::string& what,
                    std::function<Result<void>(const v1::Plan&)> rest) {
  proposals_.Insert(order, std::move(decision), PlanWriter::Answer::kWithoutAssignments,
                    [what, rest = std::move(rest)](const Result<v1::Plan>& plan) {
                      const Result<void> done = plan ? rest(*plan) : Result<void>(plan.error());
                      if (!done) LogWarning("{}: {}", what, done.error().message);
                    });
}

std::optional<std::int64_t> Living::NextOf(Times& last_us, Period period) {
  std::optional<std::int64_t> next;
  for (const auto& [application, version] : book_.current()) {
    const auto release = book_.Current(application);
    if (!release || period((*release)->release) == 0) continue;
    const std::int64_t last = last_us.try_emplace(application, WallMicros(loop_)).first->second;
    const std::int64_t due = last + period((*release)->release);
    next = std::min(next.value_or(due), due);
  }
  return next;
}

std::vector<std::shared_ptr<const PreparedRelease>> Living::TakeDue(Times& last_us, Period period) {
  const std::int64_t now = WallMicros(loop_);
  std::vector<std::shared_ptr<const PreparedRelease>> due;
  for (const auto& [application, version] : book_.current()) {
    const auto release = book_.Current(application);
    if (!release || period((*release)->release) == 0) continue;
    std::int64_t& last = last_us[application];
    if (last + period((*release)->release) > now) continue;
    last = now;
    due.push_back(*release);
  }
  return due;
}

void Living::Schedule() {
  const auto shuffle = NextOf(last_shuffle_us_, ShufflePeriodUs);
  const auto optimum = NextOf(last_optimum_us_, OptimumPeriodUs);
  schedule_timer_.Reset();
  if (!shuffle && !optimum) return;
  const std::int64_t next = std::min(shuffle.value_or(*optimum), optimum.value_or(*shuffle));
  const auto wait = std::chrono::microseconds(std::max<std::int64_t>(0, next - WallMicros(loop_)));
  schedule_timer_ = loop_.After(wait, [this] {
    for (const auto& release : TakeDue(last_optimum_us_, OptimumPeriodUs)) Optimise(release);
    for (const auto& release : TakeDue(last_shuffle_us_, ShufflePeriodUs)) Shuffle(release);
    Schedule();
  });
}

void Living::Shuffle(const std::shared_ptr<const PreparedRelease>& release) {
  Order order{.kind = v1::Plan::KIND_SHUFFLE, .release = release, .cause = "once a day"};
  order.request.set_application(release->release.application());
  order.request.set_version(release->release.version());
  order.request.mutable_shuffle()->set_seed(std::to_string(WallMicros(loop_) / kDayUs));
  order.request.mutable_shuffle()->set_moves(release->release.moves_per_day());
  proposals_.Decide(order, [this, order](Result<Decision> decision) {
    const std::string what = "the daily shuffle of " + order.request.application() + " failed";
    if (!decision) return LogWarning("{}: {}", what, decision.error().message);
    if (decision->assignments.empty()) return;
    LogInfo("{} change places: {}", decision->assignments.size(), Listed(NamesOf(*decision)));
    Insert(order, *std::move(decision), what, [this](const v1::Plan& plan) -> Result<void> {
      TRY(carrier_.CarryOut(plan.id()));
      return {};
    });
  });
}

void Living::Optimise(const std::shared_ptr<const PreparedRelease>& release) {
  Order order{.kind = v1::Plan::KIND_PRODUCTION, .release = release};
  order.cause = "every " + std::to_string(release->release.optimise_every_hours()) + " h";
  order.request.set_application(release->release.application());
  order.request.set_version(release->release.version());
  proposals_.Decide(order, [this, order](Result<Decision> decision) {
    const std::string& application = order.request.application();
    const std::string what = "assigning " + application + " anew, as it is due, failed";
    if (!decision) return LogWarning("{}: {}", what, decision.error().message);
    if (decision->moves == 0) return LogInfo("{} is at its optimum: nobody moves", application);
    Insert(order, *std::move(decision), what, [this, order](const v1::Plan& plan) { return Optimised(order, plan); });
  });
}

Result<void> Living::Optimised(const Order& order, const v1::Plan& plan) {
  const std::uint64_t last = std::exchange(last_optimum_[order.request.application()], plan.id());
  std::optional<v1::Plan> before;
  if (last != 0) {
    TRY_ASSIGN(before, store_.plans().Find(last));
  }
  if (before && before->state() == v1::Plan::STATE_PROPOSED) {
    TRY(carrier_.Supersede(last, plan.id(), "plan " + std::to_string(plan.id()) + " takes its place"));
  }
  if (order.release->release.joining() == v1::JOINING_APPROVE) TRY(carrier_.CarryOut(plan.id()));
  return {};
}

}  // namespace motley::controller
