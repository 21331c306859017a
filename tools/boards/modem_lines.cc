#include "tools/boards/modem_lines.h"

#include <fmt/format.h>

namespace motley::boards {
namespace {

bool IsFrame(std::string_view text) {
  return text.size() == 3 && text[0] >= '5' && text[0] <= '8' &&
         std::string_view("neo").find(text[1]) != std::string_view::npos && (text[2] == '1' || text[2] == '2');
}

bool IsBit(char c) { return c == '0' || c == '1'; }

}  // namespace

void ModemLines::Follow(Terminal::Change change, bool hangs_up) {
  if (change == Terminal::Change::kOpened) {
    dtr_ = rts_ = true;
  } else if (hangs_up) {
    dtr_ = rts_ = false;
  }
}

std::optional<std::string> ModemLines::Execute(std::string_view name, std::string_view argument) {
  if (name == "lines" && argument.empty()) return fmt::format("ok dtr={:d} rts={:d}", dtr_, rts_);
  if (name == "lines") {
    if (argument.size() != 3 || argument[1] != ' ' || !IsBit(argument[0]) || !IsBit(argument[2])) {
      return fmt::format("error lines \"{}\": give DTR and RTS as 0 or 1 each, such as 1 0", argument);
    }
    dtr_ = argument[0] == '1';
    rts_ = argument[2] == '1';
    return "ok";
  }
  if (name == "dtr" || name == "rts") {
    if (argument != "0" && argument != "1") return fmt::format("error {} \"{}\": give 0 or 1", name, argument);
    (name == "dtr" ? dtr_ : rts_) = argument == "1";
    return "ok";
  }
  if (name != "frame") return std::nullopt;
  if (argument.empty()) return "ok " + frame_;
  if (!IsFrame(argument)) {
    return fmt::format("error frame \"{}\": give data bits, parity n, e or o, and stop bits, such as 8n1", argument);
  }
  frame_ = argument;
  return "ok";
}

}  // namespace motley::boards
