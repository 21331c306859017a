#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/devices/devices.h"
#include "agent/devices/starts.h"

namespace motley::agent {

/// Somebody who waits for a board's hello.
struct Devices::HelloWaiter {
  std::function<void(Result<Hello>)> done;
  Handle timeout;
};

/// One board, plugged in or not. The state says who has the port: the loop in kListening, the worker in kOpening and
/// kFlashing.
struct Devices::Device {
  enum class State {
    kAbsent,
    kOpening,
    kClosed,     ///< It could not be opened; tried again at the next scan.
    kReturning,  ///< It vanished after a flash or a reset, as boards with native USB do; soon it is there again.
    kListening,
    kFlashing,
  };

  Device(Loop& loop, std::string device_id) : id(std::move(device_id)), worker(loop, "serial") {}

  const std::string id;
  PortInfo info;
  const BoardType* type = nullptr;
  State state = State::kAbsent;
  /// Until then a board that vanishes counts as one that returns.
  std::chrono::steady_clock::time_point returns_until;
  std::unique_ptr<SerialPort> port;
  Handle watch;
  LineSplitter splitter;
  std::optional<Hello> hello;
  /// What came since the last reset and was no hello.
  std::string heard;
  std::string open_error;
  /// What the last flash failed for; empty after a good one.
  std::string flash_error;
  FlashReport flashed;
  std::chrono::milliseconds flash_time{0};
  Starts starts;
  /// A flash that waits for the port to be opened, or not.
  std::function<void()> when_opened;
  std::map<int, HelloWaiter> waiters;
  /// Probations under way: their ends.
  std::map<int, Handle> probations;
  int next_number = 0;
  std::chrono::steady_clock::time_point second_began;
  int lines_this_second = 0;
  std::uint64_t dropped = 0;
  Worker worker;
};

}  // namespace motley::agent
