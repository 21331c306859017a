#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "tools/boards/control_socket.h"
#include "tools/boards/line_faults.h"
#include "tools/boards/modem_lines.h"
#include "tools/boards/rom.h"
#include "tools/boards/terminal.h"

namespace motley::boards {

/// Whether bytes take the time that the line needs for them.
enum class Pace { kWire, kUnlimited };

/// The board around a chip: ties it to wall time, to the terminal and to its line, which takes 10 bit times a byte, or
/// 11 with parity, either way. What comes or goes with another format than the receiver's arrives as garbage. Sleeps
/// until something is due.
///
/// One thread. Commands on the control socket, besides those of ModemLines, LineFaults and the chip:
///   reset              the button
///   stat               counters and state
///   dump FILE          the flash as raw image
///   pace on|off        off: bytes take no time
class RomBoard {
 public:
  /// All must outlive the board. Powers the chip on.
  RomBoard(Rom& rom, Terminal& terminal, ControlSocket& control, Pace pace);

  /// Runs in real time until `stop_fd` is readable.
  void Run(int stop_fd);

 private:
  using Clock = std::chrono::steady_clock;
  struct OnLine {
    SentByte byte;
    Micros due;  ///< when its stop bit is through
  };

  Micros Now() const;
  Clock::time_point TimeAt(Micros time) const { return start_ + time; }
  Micros TimeOnLine(const SerialFormat& format) const;
  std::size_t InputLimit() const;
  Micros CatchUp();
  void AdvanceTo(Micros now);
  void TakeByte(const OnLine& input);
  void CollectOutput(Micros now);
  void PassOutput(Micros now);
  Micros Batch(const SerialFormat& format) const;
  std::optional<Micros> NextWake(Micros now) const;
  void Wait(int stop_fd);
  void FollowTerminal();
  void TakeInput();
  void ShowLines();
  std::string Execute(std::string_view command);
  std::string Dump(std::string_view path);
  std::string Statistics();
  SerialFormat ClientFormat() const { return {terminal_.baud(), lines_.parity()}; }

  Rom& rom_;
  Terminal& terminal_;
  ControlSocket& control_;
  const Clock::time_point start_;
  Micros last_{0};  // what the chip has lived up to
  Pace pace_;
  ModemLines lines_;
  LineFaults faults_;
  bool shown_dtr_ = false;  // to the chip
  bool shown_rts_ = false;
  std::deque<OnLine> input_;
  std::deque<OnLine> output_;
  std::uint64_t resets_ = 0;  // that output_ has seen
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t garbled_ = 0;
  bool stopped_ = false;
};

}  // namespace motley::boards
