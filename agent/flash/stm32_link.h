#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "agent/flash/stm32_message.h"
#include "agent/serial/port.h"

namespace motley::agent {

/// Questions to the bootloader of an STM32, and its answers.
///
/// Each message waits for the answer to the one before: the chip's receiver holds one byte, and the bootloader does not
/// look at it while it works. Blocking; the port's worker only. Errors of all calls: kTimeout (no answer), kCorrupt
/// (none that was asked for: noise), and as SerialPort.
class Stm32Link {
 public:
  explicit Stm32Link(SerialPort& port) : port_(port) {}

  /// 8E1. Errors: kInvalid (the port can not do that).
  Result<void> SetBaud(std::uint32_t baud);
  std::uint32_t baud() const { return baud_; }

  /// What Facts(kGet) says where a bootloader answers that has been reset, or was used before at this baud rate.
  Result<std::optional<std::vector<std::uint8_t>>> Call();

  /// Ends whatever command the bootloader is in, without harm unless that is an erase.
  Result<void> Resynchronise();

  enum class Answer { kAck, kNack };
  /// Sends `message` and waits for the answer; `work` is how long the chip may need for it.
  Result<Answer> Ask(const std::vector<std::uint8_t>& message, std::chrono::milliseconds work = {});
  /// The same; kNack is kCorrupt.
  Result<void> Tell(const std::vector<std::uint8_t>& message, std::chrono::milliseconds work = {});
  Result<void> Tell(Stm32Command command) { return Tell(Stm32Word(static_cast<std::uint8_t>(command))); }
  /// What follows the answer.
  Result<void> Read(std::span<std::uint8_t> bytes);
  /// The facts that `command` asks for: kGet or kGetId.
  Result<std::vector<std::uint8_t>> Facts(Stm32Command command);

 private:
  Result<void> Send(const std::vector<std::uint8_t>& message);
  Deadline Patience(std::size_t bytes, std::chrono::milliseconds work) const;
  Result<bool> Heard(std::span<const std::uint8_t> either, std::chrono::milliseconds patience);
  Result<bool> BecameQuiet();
  Result<std::optional<std::vector<std::uint8_t>>> FactsIfAny();

  SerialPort& port_;
  std::uint32_t baud_ = 0;
};

}  // namespace motley::agent
