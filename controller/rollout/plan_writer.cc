#include "controller/rollout/plan_writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "controller/assign/question.h"

namespace motley::controller {

void PlanWriter::Write(v1::Plan plan, std::vector<v1::Assignment> assignments, Answer answer, Done done) {
  auto job = std::make_unique<Job>(Job{std::move(plan), std::move(assignments), answer, std::move(done), {}});
  if (job->assignments.size() <= kPiece) {
    const auto stored = store_.Atomically([&] { return StorePiece(*job); });
    return job->done(stored ? Result<v1::Plan>(std::move(job->plan)) : Result<v1::Plan>(stored.error()));
  }
  job->pin = registry_.view().Pin();
  jobs_.push_back(std::move(job));
  if (jobs_.size() == 1) timer_ = loop_.After(std::chrono::seconds(0), [this] { Step(); });
}

void PlanWriter::Step() {
  Job& job = *jobs_.front();
  const auto stored = StorePiece(job);
  if (stored && job.next < job.assignments.size()) {
    timer_ = loop_.After(std::chrono::seconds(0), [this] { Step(); });
    return;
  }
  const std::unique_ptr<Job> finished = std::move(jobs_.front());
  jobs_.pop_front();
  if (!jobs_.empty()) timer_ = loop_.After(std::chrono::seconds(0), [this] { Step(); });
  auto stored_ones = std::make_shared<std::vector<v1::Assignment>>(std::move(finished->assignments));
  worker_.Run([stored_ones] { return std::exchange(*stored_ones, {}).size(); }, [](std::size_t) {});
  finished->pin.Reset();
  finished->done(stored ? Result<v1::Plan>(std::move(finished->plan)) : Result<v1::Plan>(stored.error()));
}

Result<void> PlanWriter::StorePiece(Job& job) {
  if (job.plan.id() == 0) {
    TRY_ASSIGN(const std::uint64_t id, store_.plans().Begin());
    job.plan.set_id(id);
  }
  std::vector<AssignmentRecord> piece = TakePiece(job);
  TRY(store_.plans().Add(job.plan.id(), piece));
  if (job.next == job.assignments.size()) {
    v1::Plan bare;
    bare.mutable_assignments()->Swap(job.plan.mutable_assignments());
    const auto stored = store_.plans().Update(job.plan);
    bare.mutable_assignments()->Swap(job.plan.mutable_assignments());
    TRY(std::move(stored));
  }
  if (job.answer == Answer::kWithoutAssignments) return {};
  for (AssignmentRecord& record : piece) *job.plan.add_assignments() = std::move(record.assignment);
  return {};
}

std::vector<AssignmentRecord> PlanWriter::TakePiece(Job& job) const {
  std::vector<AssignmentRecord> piece;
  const std::size_t end = std::min(job.assignments.size(), job.next + kPiece);
  for (; job.next < end; ++job.next) {
    v1::Assignment& assignment = job.assignments[job.next];
    if (const Twin* twin = registry_.Find(assignment.gateway())) {
      piece.push_back({twin->record.number, std::move(assignment)});
      continue;
    }
    if (IsMove(assignment, job.plan.version())) job.plan.set_moves(job.plan.moves() - 1);
    if (assignment.variant().empty()) {
      job.plan.set_unassigned(job.plan.unassigned() - 1);
    } else {
      job.plan.set_assigned(job.plan.assigned() - 1);
    }
  }
  return piece;
}

}  // namespace motley::controller
