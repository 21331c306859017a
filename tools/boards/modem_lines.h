#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/boards/serial_frame.h"
#include "tools/boards/terminal.h"

namespace motley::boards {

/// What a serial port of a client has and its pseudo terminal lacks: DTR, RTS, and a memory for the format of a byte.
/// The modem shim reads and sets it by the commands
///   dtr 0|1, rts 0|1   modem lines, 1 is active
///   lines              "ok dtr=1 rts=1"
///   lines 0|1 0|1      DTR and RTS, both at once
///   frame [8n1]        data bits, parity, stop bits
class ModemLines {
 public:
  static constexpr char kCommands[] = "dtr 0|1, rts 0|1, lines [0|1 0|1], frame [8n1]";

  bool dtr() const { return dtr_; }
  bool rts() const { return rts_; }
  Parity parity() const { return static_cast<Parity>(frame_[1]); }

  /// Opening raises both lines; the last close lowers them where `hangs_up`.
  void Follow(Terminal::Change change, bool hangs_up);
  /// Carries out one of the commands: "ok", "ok <facts>" or "error <why>"; nothing when it is none of them.
  std::optional<std::string> Execute(std::string_view name, std::string_view argument);

 private:
  bool dtr_ = false;
  bool rts_ = false;
  std::string frame_ = "8n1";
};

}  // namespace motley::boards
