#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "motley/v1/telemetry.pb.h"

namespace motley::swarm {

/// Batches of telemetry of one epoch that are kept until the controller has stored them; of more than kKept the oldest
/// go, and are counted. A value; knows no clock.
class TelemetryQueue {
 public:
  static constexpr std::size_t kKept = 32;

  /// Numbers the batch and puts it at the end.
  void Push(v1::TelemetryBatch batch);
  void Acknowledge(std::uint64_t sequence);

  bool empty() const { return batches_.empty(); }
  std::size_t size() const { return batches_.size(); }
  /// From the first that is kept, each with what stands before it.
  std::deque<v1::TelemetryBatch> Batches() const;
  v1::TelemetryBatch Last() const;

 private:
  std::deque<v1::TelemetryBatch> batches_;
  std::uint64_t last_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace motley::swarm
