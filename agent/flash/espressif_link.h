#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/flash/board_type.h"
#include "agent/flash/espressif_message.h"
#include "agent/serial/port.h"
#include "common/base/result.h"

namespace motley::agent {

/// Messages to the ROM of an ESP32 or ESP8266 and its replies. Port's worker only.
///
/// Errors of all calls: kTimeout (no reply), kUnavailable (the board was pulled).
class EspressifLink {
 public:
  /// Both outlive it.
  EspressifLink(SerialPort& port, const BoardType& board);

  /// Resets the board into its ROM, at the speed that it is called at, until it replies. Errors: kTimeout (says what to
  /// press, where a hand is needed).
  Result<void> Synchronise();
  /// Resets the board into its application.
  Result<void> Restart();
  /// The speed at this end.
  Result<void> SetBaud(std::uint32_t baud) { return port_.SetFormat({baud}); }

  /// The reply to `command`, which must have done what it should, with `reply_bytes` of data.
  /// Errors: kCorrupt (it failed; says why).
  Result<EspressifReply> Do(EspressifCommand command, std::span<const std::uint8_t> data,
                            std::chrono::milliseconds patience = kPatience, std::size_t reply_bytes = 0);
  /// Sends one block of a flash, again where it arrived wrong. Errors: as Do.
  Result<void> SendBlock(EspressifCommand command, std::uint32_t number, std::span<const std::uint8_t> block,
                         std::chrono::milliseconds patience);
  Result<std::uint32_t> ReadRegister(std::uint32_t address, std::chrono::milliseconds patience = kPatience);
  Result<void> WriteRegister(std::uint32_t address, std::uint32_t value);

  /// What is allowed for what does not depend on a size.
  static constexpr std::chrono::milliseconds kPatience{3000};

 private:
  Result<void> ResetIntoRom(std::chrono::milliseconds until_boot);
  Result<void> Send(std::span<const std::uint8_t> request);
  /// The reply, whatever it says.
  Result<EspressifReply> Exchange(EspressifCommand command, std::span<const std::uint8_t> request,
                                  std::chrono::milliseconds patience, std::size_t reply_bytes = 0);
  Result<bool> RepliesToSync();
  Result<bool> BecomesQuiet();

  SerialPort& port_;
  const BoardType& board_;
};

}  // namespace motley::agent
