#pragma once

#include <deque>
#include <string>
#include <vector>

#include "agent/flash/board_type.h"
#include "agent/flash/stk500v2_message.h"
#include "agent/serial/port.h"

namespace motley::tests {

/// The type of board that a FakeMega is.
agent::BoardType MegaType();

/// An ATmega2560 with stk500boot_v2 on a serial port that is not there, with faults to order. Writing only clears bits,
/// as in flash; the n-th page that is written erases the n-th page.
struct FakeMega {
  std::vector<std::uint8_t> flash = std::vector<std::uint8_t>(256 * 1024, 0xFF);
  std::uint32_t signature = 0x1E9801;
  bool silent = false;
  /// Says so instead of answering, and ignores resets.
  std::string talk;
  /// Lock bits: pages are refused.
  bool refuses = false;
  /// The byte at this address can not be written.
  int broken_address = -1;
  /// Counted from 1, in messages since the start; 0: none. The n-th answer is garbled, or gets lost; a byte of the n-th
  /// message to the board gets lost; the cable is out from the n-th message on.
  int garble_answer = 0;
  int lose_answer = 0;
  int lose_byte = 0;
  int unplug_at = 0;

  /// Whether the program that checks the flash runs; it needs a clock of 16 MHz.
  bool runs_self_check = true;

  int messages = 0;
  int resets = 0;
  int pages_written = 0;
  int pages_read = 0;
  bool started = false;
};

/// `board` outlives it. Does not wait: what is not there at once does not come in time.
std::unique_ptr<agent::SerialPort> OpenFakeMega(FakeMega& board);

}  // namespace motley::tests
