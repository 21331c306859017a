// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/avrsim/chip.h"
#include "tools/boards/control_socket.h"
#include "tools/boards/line_faults.h"
#include "tools/boards/modem_lines.h"
#include "tools/boards/terminal.h"

namespace motley::avrsim {

/// The board around the chip: ties it to wall time, to the terminal and, through the DTR line, to the reset pin.
///
/// One thread. Commands on the control socket, besides those of boards::ModemLines, where DTR going active resets the
/// chip, and boards::LineFaults:
///   reset              the button
///   stat               counters and state
///   dump FILE          the flash as raw image
///   temperature C      what the sensor on the die measures
class Board {
 public:
  /// All must outlive the board.
  Board(Chip& chip, boards::Terminal& terminal, boards::ControlSocket& control);

  /// Runs in real time until `stop_fd` is readable.
  void Run(int stop_fd);

 private:
  using Clock = std::chrono::steady_clock;

  std::uint64_t CycleAt(Clock::time_point time) const;
  void CatchUp();
  void LogWatchdog();
  void Wait(int stop_fd);
  void FollowTerminal();
  std::size_t InputRoom() const;
  void TakeInput();
  void PassOutput();
  std::string Execute(std::string_view command);
  std::string SetTemperature(std::string_view celsius);
  std::string SetWorn(std::string_view address);
  std::string Dump(std::string_view path) const;
  std::string Statistics() const;
  void ShowDtr(std::string_view why);
  void Reset(std::string_view why);
  boards::SerialFormat ClientFormat() const;

  Chip& chip_;
  boards::Terminal& terminal_;
  boards::ControlSocket& control_;
  Clock::time_point base_time_;
  std::uint64_t base_cycle_ = 0;
  Clock::time_point last_byte_;  // on the line, either way
  Clock::time_point last_input_;
  Clock::duration lost_{};             // wall time in which the chip stood still, since the machine was overloaded
  std::uint64_t watchdog_resets_ = 0;  // that are in the log
  bool stopped_ = false;
  boards::ModemLines lines_;
  boards::LineFaults faults_;
  bool shown_dtr_ = false;  // to the chip
};

}  // namespace motley::avrsim
