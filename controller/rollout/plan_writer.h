#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "controller/registry/registry.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Stores plans, large ones piece by piece, so that the loop comes to other things in between. Until one is complete
/// nobody finds it. Loop thread only.
class PlanWriter {
 public:
  using Done = std::function<void(Result<v1::Plan>)>;
  /// A piece takes about 10 ms. What is not larger than one is stored at once.
  static constexpr std::size_t kPiece = 1000;

  enum class Answer { kWithAssignments, kWithoutAssignments };

  /// All outlive this object. Callbacks do not come after its end.
  PlanWriter(Loop& loop, Store& store, Registry& registry, Worker& worker)
      : loop_(loop), store_(store), registry_(registry), worker_(worker) {}

  /// `plan` has neither id nor assignments, and counts all of `assignments`; those of gateways that have gone meanwhile
  /// are left out, and not counted. `done` gets it with its id. Errors: as Database.
  void Write(v1::Plan plan, std::vector<v1::Assignment> assignments, Answer answer, Done done);

 private:
  struct Job {
    v1::Plan plan;
    std::vector<v1::Assignment> assignments;
    Answer answer;
    Done done;
    /// The view stays as it is, so that nobody asks for gateways that the plan is about.
    Handle pin;
    /// Of `assignments`: those before are stored.
    std::size_t next = 0;
  };

  void Step();
  /// Stores the next piece of the job; after the last one the plan itself.
  Result<void> StorePiece(Job& job);
  std::vector<AssignmentRecord> TakePiece(Job& job) const;

  Loop& loop_;
  Store& store_;
  Registry& registry_;
  /// Frees what was stored, which takes its time too.
  Worker& worker_;
  std::deque<std::unique_ptr<Job>> jobs_;
  Handle timer_;
};

}  // namespace motley::controller
