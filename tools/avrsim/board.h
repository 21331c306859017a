// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/avrsim/chip.h"
#include "tools/boards/control_socket.h"
#include "tools/boards/terminal.h"

namespace motley::avrsim {

/// The board around the chip: ties it to wall time, to the terminal and, through the DTR line, to the reset pin.
///
/// One thread. Commands on the control socket, each answered with "ok", "ok <facts>" or "error <why>":
///   dtr 0|1, rts 0|1   modem lines; DTR going active resets the chip
///   lines              "ok dtr=1 rts=1"
///   frame [8n1]        data bits, parity, stop bits of the client, which a pseudo terminal does not keep
///   reset              the button
///   stat               counters and state
///   dump FILE          the flash as raw image
///   mute on|off        a dead UART: nothing passes either way
///   corrupt N          flips a bit in each of the next N bytes to the client
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
  void TakeInput();
  void PassOutput();
  std::string Execute(std::string_view command);
  std::string SetLine(std::string_view name, std::string_view value);
  std::string SetFrame(std::string_view frame);
  std::string SetCorruption(std::string_view count);
  std::string Dump(std::string_view path) const;
  std::string Statistics() const;
  void SetDtr(bool active, std::string_view why);
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
  bool dtr_ = false;
  bool rts_ = false;
  bool muted_ = false;
  std::string frame_ = "8n1";
  std::uint64_t corrupt_bytes_ = 0;
};

}  // namespace motley::avrsim
