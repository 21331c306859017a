#include "tools/swarm/telemetry_queue.h"

#include <algorithm>
#include <utility>

namespace motley::swarm {

void TelemetryQueue::Push(v1::TelemetryBatch batch) {
  batch.set_sequence(++last_);
  batches_.push_back(std::move(batch));
  if (batches_.size() <= kKept) return;
  batches_.pop_front();
  ++dropped_;
}

void TelemetryQueue::Acknowledge(std::uint64_t sequence) {
  acknowledged_ = std::max(acknowledged_, std::min(sequence, last_));
  while (!batches_.empty() && batches_.front().sequence() <= acknowledged_) batches_.pop_front();
}

std::deque<v1::TelemetryBatch> TelemetryQueue::Batches() const {
  std::deque<v1::TelemetryBatch> batches = batches_;
  std::uint64_t previous = 0;
  for (v1::TelemetryBatch& batch : batches) {
    batch.set_previous(std::exchange(previous, batch.sequence()));
    batch.set_dropped(dropped_);
  }
  return batches;
}

v1::TelemetryBatch TelemetryQueue::Last() const {
  v1::TelemetryBatch batch = batches_.back();
  if (batches_.size() > 1) batch.set_previous(batch.sequence() - 1);
  batch.set_dropped(dropped_);
  return batch;
}

}  // namespace motley::swarm
