#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/flash/board_type.h"
#include "agent/flash/espressif_chip.h"
#include "agent/flash/espressif_message.h"
#include "agent/serial/port.h"
#include "common/base/result.h"

namespace motley::agent {

/// Messages to the ROM of an Espressif chip and its replies. Port's worker only.
///
/// Errors of all calls: kTimeout (no reply), kUnavailable (the board was pulled).
class EspressifLink {
 public:
  /// All outlive it.
  EspressifLink(SerialPort& port, const BoardType& board, const EspressifChip& chip);

  /// Resets the board into its ROM, at the speed that it is called at, until it replies. Errors: kTimeout (says what to
  /// press, where a hand is needed).
  Result<void> Synchronise();
  /// Whether a hand put it into its ROM, or may have: then it goes back there at each reset by Restart, until the chip
  /// looks at its pins again.
  bool MayBeHeldInRom() const { return found_in_rom_ || !HasResetLines(); }
  /// Resets the board into its application.
  Result<void> Restart();
  /// Whether it is its ROM that runs after Restart. What an application says meanwhile is lost.
  Result<bool> RepliesAgain();
  /// The speed at this end.
  Result<void> SetBaud(std::uint32_t baud) { return port_.SetFormat({baud}); }

  /// The reply to `command`, which must have done what it should. Errors: kCorrupt (it failed; says why).
  Result<EspressifReply> Do(EspressifCommand command, std::span<const std::uint8_t> data,
                            std::chrono::milliseconds patience = kPatience);
  /// Sends one block of a flash, again where it arrived wrong. Errors: as Do.
  Result<void> SendBlock(EspressifCommand command, std::uint32_t number, std::span<const std::uint8_t> block,
                         std::chrono::milliseconds patience);
  Result<std::uint32_t> ReadRegister(std::uint32_t address, std::chrono::milliseconds patience = kPatience);
  /// `mask` has the bits that change.
  Result<void> WriteRegister(std::uint32_t address, std::uint32_t value, std::uint32_t mask = 0xFFFFFFFF);

  /// What is allowed for what does not depend on a size.
  static constexpr std::chrono::milliseconds kPatience{3000};

 private:
  bool HasResetLines() const;
  Result<void> ResetIntoRom(std::chrono::milliseconds until_boot);
  Result<void> ResetIntoRomOverUsb(std::chrono::milliseconds until_boot);
  Result<void> Send(std::span<const std::uint8_t> request);
  /// The reply, whatever it says.
  Result<EspressifReply> Exchange(EspressifCommand command, std::span<const std::uint8_t> request,
                                  std::chrono::milliseconds patience);
  Result<bool> RepliesToSync();
  Result<bool> BecomesQuiet();

  SerialPort& port_;
  const BoardType& board_;
  const EspressifChip& chip_;
  bool is_new_ = true;
  bool found_in_rom_ = false;
};

}  // namespace motley::agent
