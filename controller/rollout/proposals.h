#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "controller/assign/question.h"
#include "controller/registry/registry.h"
#include "controller/rollout/plan_writer.h"
#include "controller/rollout/questions.h"
#include "controller/rollout/release_book.h"
#include "controller/rollout/wanted_columns.h"
#include "controller/store/store.h"

namespace motley::controller {

/// What a plan is to be made for.
struct Order {
  v1::Plan::Kind kind = v1::Plan::KIND_PRODUCTION;
  std::shared_ptr<const PreparedRelease> release;
  v1::ProposePlanRequest request;
  /// As Plan::cause.
  std::string cause;
};

/// Has plans solved on a worker, and stores them. While one is being solved the registry's view is pinned. Loop thread
/// only.
class Proposals {
 public:
  /// All outlive this object. Callbacks do not come after its end.
  Proposals(Loop& loop, Store& store, Registry& registry, ReleaseBook& book, WantedColumns& wanted)
      : loop_(loop),
        registry_(registry),
        book_(book),
        questions_(registry, book, wanted),
        worker_(loop, "assignment"),
        writer_(loop, store, registry, worker_) {}

  /// For everything but safe mode. Errors: kNotFound (release).
  Result<Order> OrderFor(const v1::ProposePlanRequest& request);
  /// The order that the plan was made for. Errors: kNotFound.
  Result<Order> OrderOf(const v1::Plan& plan);

  /// Errors: of controller::Decide.
  void Decide(const Order& order, std::function<void(Result<Decision>)> done);
  /// As Decide, but nothing if nothing that mattered has changed since the plan was made.
  void DecideAgain(const Order& order, const std::string& fleet_digest,
                   std::function<void(Result<std::optional<Decision>>)> done);
  /// `done` gets the same assignment with verdicts, on the facts of now.
  void Explain(const Order& order, std::vector<v1::Assignment> assignments, const std::string& gateway,
               std::function<void(Result<v1::Assignment>)> done);

  /// Application and version of what is being solved for, explained or stored right now.
  const std::multiset<std::pair<std::string, std::string>>& being_made() const { return *being_made_; }

  /// Stores a proposed plan, which `done` gets. Gateways that have gone meanwhile are left out. Errors: as Database.
  void Insert(const Order& order, Decision decision, PlanWriter::Answer answer, PlanWriter::Done done);

 private:
  /// Runs `job(question)` on the worker, then `done` with its value.
  template <typename Value, typename Job>
  void Ask(const Order& order, Job job, std::function<void(Result<Value>)> done);

  Loop& loop_;
  Registry& registry_;
  ReleaseBook& book_;
  Questions questions_;
  /// Answers that come when this object is gone take themselves out of it, too.
  std::shared_ptr<std::multiset<std::pair<std::string, std::string>>> being_made_ =
      std::make_shared<std::multiset<std::pair<std::string, std::string>>>();
  Worker worker_;
  PlanWriter writer_;
};

/// Of a plan as a decision made it: kind, release, figures; neither id nor assignments.
v1::Plan Described(const Order& order, const Decision& decision);

}  // namespace motley::controller
