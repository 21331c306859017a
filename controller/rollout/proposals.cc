#include "controller/rollout/proposals.h"

#include <chrono>

#include "common/log/log.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

std::int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

v1::Plan::Kind KindOf(const v1::ProposePlanRequest& request) {
  switch (request.environment_case()) {
    case v1::ProposePlanRequest::kPreview:
      return v1::Plan::KIND_PREVIEW;
    case v1::ProposePlanRequest::kSafeMode:
      return v1::Plan::KIND_SAFE_MODE;
    case v1::ProposePlanRequest::kShuffle:
      return v1::Plan::KIND_SHUFFLE;
    case v1::ProposePlanRequest::kJoin:
      return v1::Plan::KIND_JOIN;
    default:
      return v1::Plan::KIND_PRODUCTION;
  }
}

}  // namespace

Result<Order> Proposals::OrderFor(const v1::ProposePlanRequest& request) {
  Order order;
  order.kind = KindOf(request);
  order.request = request;
  const std::string& application = request.application();
  for (const std::string& gateway : request.join().gateways()) {
    if (registry_.view().index().Find(gateway)) continue;
    return Error{Code::kNotFound, "gateway \"" + gateway + "\" is not there or has never enrolled; leave it out"};
  }
  if (!request.version().empty()) {
    TRY_ASSIGN(order.release, book_.Get(application, request.version()));
  } else if (order.kind == v1::Plan::KIND_PREVIEW) {
    return Error{Code::kInvalid, "preview: name the version that the chosen gateways are to get"};
  } else {
    TRY_ASSIGN(order.release, book_.Current(application));
  }
  return order;
}

Result<Order> Proposals::OrderOf(const v1::Plan& plan) {
  Order order;
  order.kind = plan.kind() == v1::Plan::KIND_UNSPECIFIED ? v1::Plan::KIND_PRODUCTION : plan.kind();
  order.request = plan.request();
  order.cause = plan.cause();
  TRY_ASSIGN(order.release, book_.Get(plan.application(), plan.version()));
  return order;
}

template <typename Value, typename Job>
void Proposals::Ask(const Order& order, Job job, std::function<void(Result<Value>)> done) {
  auto pin = std::make_shared<Handle>(registry_.view().Pin());
  auto question = std::make_shared<const Question>(questions_.Make(order.kind, order.release, order.request));
  const auto made = being_made_->emplace(order.release->release.application(), order.release->release.version());
  worker_.Run([question, job] { return job(*question); },
              [pin, made, being_made = being_made_, done](Result<Value> value) {
                // Here and not with the last copy, which may be the worker's.
                pin->Reset();
                being_made->erase(made);
                done(std::move(value));
              });
}

void Proposals::Decide(const Order& order, std::function<void(Result<Decision>)> done) {
  Ask<Decision>(
      order, [](const Question& question) { return controller::Decide(question, SteadyMs); }, std::move(done));
}

void Proposals::DecideAgain(const Order& order, const std::string& fleet_digest,
                            std::function<void(Result<std::optional<Decision>>)> done) {
  Ask<std::optional<Decision>>(
      order,
      [fleet_digest](const Question& question) { return controller::DecideAgain(question, fleet_digest, SteadyMs); },
      std::move(done));
}

void Proposals::Explain(const Order& order, std::vector<v1::Assignment> assignments, const std::string& gateway,
                        std::function<void(Result<v1::Assignment>)> done) {
  Ask<v1::Assignment>(
      order,
      [assignments = std::move(assignments), gateway](const Question& question) {
        return controller::Explain(question, assignments, gateway);
      },
      std::move(done));
}

v1::Plan Described(const Order& order, const Decision& decision) {
  v1::Plan plan;
  plan.set_application(order.release->release.application());
  plan.set_version(order.release->release.version());
  plan.set_kind(order.kind);
  plan.set_state(v1::Plan::STATE_PROPOSED);
  plan.set_assigned(static_cast<std::uint32_t>(decision.assigned));
  plan.set_unassigned(static_cast<std::uint32_t>(decision.assignments.size() - decision.assigned));
  plan.set_moves(static_cast<std::uint32_t>(decision.moves));
  *plan.mutable_solution() = decision.solution;
  for (const std::string& doubt : decision.doubts) plan.add_doubts(doubt);
  plan.set_release_digest(order.release->digest);
  plan.set_fleet_digest(decision.fleet_digest);
  plan.set_cause(order.cause);
  *plan.mutable_request() = order.request;
  return plan;
}

void Proposals::Insert(const Order& order, Decision decision, PlanWriter::Answer answer, PlanWriter::Done done) {
  v1::Plan plan = Described(order, decision);
  *plan.mutable_proposed_at() = FromMicros(WallMicros(loop_));
  const auto made = being_made_->emplace(plan.application(), plan.version());
  const auto end = [made, being_made = being_made_, done](Result<v1::Plan> stored) {
    being_made->erase(made);
    if (stored) {
      LogInfo("plan {} is proposed: {} {} for {} gateways, none for {}; {} change, cost {}{}", stored->id(),
              stored->application(), stored->version(), stored->assigned(), stored->unassigned(), stored->moves(),
              stored->solution().cost(), stored->solution().proven() ? "" : " (not proven)");
    }
    done(std::move(stored));
  };
  writer_.Write(std::move(plan), std::move(decision.assignments), answer, end);
}

}  // namespace motley::controller
