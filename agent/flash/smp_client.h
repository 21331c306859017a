#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/serial/port.h"
#include "common/base/result.h"

namespace motley::agent {

/// What a device says of an image in one of its slots.
struct SmpSlot {
  std::uint32_t slot = 0;
  std::string version;
  std::vector<std::uint8_t> hash;
  bool active = false;
  bool confirmed = false;
  bool pending = false;
};

/// Speaks SMP with a device over a serial port: groups OS and image. For the port's worker; blocking, with a deadline
/// on each answer; what is lost is asked again.
///
/// Errors of all calls: kTimeout (no answer), kUnavailable (the board was pulled), kDenied (refused; says why).
/// Source: Zephyr Project, "SMP Groups", 0 and 1.
class SmpClient {
 public:
  explicit SmpClient(SerialPort& port);
  ~SmpClient();

  static constexpr int kTries = 4;

  /// Waits for a second after each of `tries`.
  Result<std::vector<SmpSlot>> ReadSlots(int tries = kTries);
  /// To the slot that does not run, from where an upload of the same image was cut off.
  Result<void> Upload(std::span<const std::uint8_t> image, const std::function<void(std::uint32_t sent)>& progress);
  /// Has the image started once at the next reset; without Confirm, the one before comes back at the reset after.
  Result<void> Test(std::span<const std::uint8_t> hash);
  /// The image that runs stays.
  Result<void> Confirm(std::span<const std::uint8_t> hash);
  /// The device answers, and resets a quarter of a second later.
  Result<void> Reset();

 private:
  friend class SmpUpload;
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace motley::agent
