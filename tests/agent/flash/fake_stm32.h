#pragma once

#include <deque>
#include <memory>
#include <string>

#include "agent/flash/board_type.h"
#include "agent/serial/port.h"
#include "tools/stm32sim/chip.h"

namespace motley::tests {

/// The types of boards that a FakeStm32 with the model stm32f103 and stm32f401 is.
agent::BoardType BluePillType();
agent::BoardType NucleoType();

/// A simulated STM32 on a serial port that is not there, in a time of its own, with faults to order.
struct FakeStm32 {
  explicit FakeStm32(const std::string& model) : chip(stm32sim::FindModel(model).value()) { chip.PowerOn(now); }

  stm32sim::Chip chip;
  boards::Micros now{0};
  /// No byte gets through.
  bool silent = false;
  /// The modem lines are not wired.
  bool by_hand = false;
  /// Counted from 1, in messages since the start; 0: none. A byte of the n-th message to the board gets lost, or a bit
  /// of it flips; so does the first byte of the n-th answer, or the last; the board resets before the n-th message; the
  /// cable is out from the n-th message on.
  int lose_byte = 0;
  int flip_byte = 0;
  int lose_answer = 0;
  int flip_answer = 0;
  int flip_answer_end = 0;
  int reset_at = 0;
  int unplug_at = 0;

  int messages = 0;
  /// The longest time that the client waited for nothing.
  boards::Micros waited{0};
  std::uint32_t baud = 0;

  /// "0" where it says "erased_sectors=0".
  std::string Statistic(const std::string& name) const;
  bool RunsApplication() const { return Statistic("runs") == "application"; }
};

/// `board` outlives it.
std::unique_ptr<agent::SerialPort> OpenFakeStm32(FakeStm32& board);

}  // namespace motley::tests
