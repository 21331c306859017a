#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/devices/devices.h"
#include "agent/devices/speech.h"
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

  Device(Loop& loop, std::string device_id, Speech::Limits limits)
      : id(std::move(device_id)), speech(limits), worker(loop, "serial") {}

  const std::string id;
  PortInfo info;
  const BoardType* type = nullptr;
  State state = State::kAbsent;
  /// Until then a board that vanishes counts as one that returns.
  std::chrono::steady_clock::time_point returns_until;
  std::unique_ptr<SerialPort> port;
  Handle watch;
  Speech speech;
  /// Of what was dropped or was wrong: what was told, and whether more is to be told soon.
  Speech::Counts told;
  bool is_telling = false;
  Handle telling;
  /// Dropping counts as the same flood until then.
  std::chrono::steady_clock::time_point flood_ends;
  /// When it was unplugged.
  std::optional<std::chrono::system_clock::time_point> last_seen;
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
  Worker worker;
};

}  // namespace motley::agent
