#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agent/store/store.h"
#include "common/loop/loop.h"
#include "motley/v1/telemetry.pb.h"

namespace motley::agent {

/// The queue of telemetry: collects, stores in batches, sends in order, and keeps each batch until the controller has
/// said that it is stored. Bounded: when it is full the oldest batches go, and are counted. Loop thread only.
class Outbox {
 public:
  struct Options {
    std::string gateway;
    /// How long samples are collected before they become a batch. Events do not wait that long.
    std::chrono::milliseconds collect{10'000};
    std::chrono::milliseconds collect_event{200};
    std::uint64_t limit_bytes = 16 * 1024 * 1024;
    /// Without an acknowledgement for so long, everything that is not acknowledged is sent again.
    std::chrono::milliseconds resend{10'000};
  };
  /// `send` publishes an enveloped batch; false when that is not possible now.
  Outbox(Loop& loop, Store& store, Options options, std::function<bool(std::string payload)> send);

  void Add(v1::Sample sample);
  void Add(v1::DeviceLine line);
  void Add(v1::Event event);

  /// Makes a batch of what is collected, now.
  void Flush();

  void OnConnected();
  void OnDisconnected();
  /// The controller has stored all batches up to `sequence`.
  void OnAcknowledged(std::uint64_t sequence);

 private:
  void Collected(std::size_t bytes, std::chrono::milliseconds patience);
  void Pump();
  void ExpectAcknowledgement();

  Loop& loop_;
  Store& store_;
  const Options options_;
  const std::function<bool(std::string)> send_;
  v1::TelemetryBatch collecting_;
  std::size_t collecting_bytes_ = 0;
  std::chrono::steady_clock::time_point flush_at_{};
  Handle flush_timer_;
  Handle resend_timer_;
  bool connected_ = false;
  bool store_failed_ = false;
  /// All batches up to this one were sent over the present connection.
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace motley::agent
