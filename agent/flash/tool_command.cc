#include "agent/flash/tool_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

namespace motley::agent {
namespace {

constexpr std::array<std::string_view, 6> kWords{"port", "image", "chip", "serial", "baud", "address"};

/// Gives each {word} of `text` to `replace`, which has what it stands for. A word has small letters only: braces around
/// anything else are the program's.
std::string Replace(std::string_view text, const std::function<std::string(std::string_view)>& replace) {
  std::string filled;
  for (;;) {
    const auto open = text.find('{');
    const auto close = text.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) return filled.append(text);
    const std::string_view word = text.substr(open + 1, close - open - 1);
    const bool is_word =
        !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (is_word) {
      filled.append(text.substr(0, open)).append(replace(word));
      text.remove_prefix(close + 1);
    } else {
      filled.append(text.substr(0, open + 1));
      text.remove_prefix(open + 1);
    }
  }
}

}  // namespace

Result<void> CheckToolCommand(const std::vector<std::string>& command, ToolBaud baud) {
  CHECK(!command.empty());
  if (command.front().empty() || command.front().find('{') != std::string::npos) {
    return Error{Code::kInvalid, "tool: its first word is the program, and nothing is replaced in it"};
  }
  std::string unknown;
  bool has_image = false, has_baud = false;
  for (const std::string& argument : command) {
    Replace(argument, [&](std::string_view word) {
      has_image |= word == "image";
      has_baud |= word == "baud";
      if (std::find(kWords.begin(), kWords.end(), word) == kWords.end() && unknown.empty()) unknown = word;
      return std::string();
    });
  }
  if (!unknown.empty()) {
    return Error{Code::kInvalid,
                 fmt::format("tool: {{{}}} stands for nothing; {{{}}} do", unknown, fmt::join(kWords, "}, {"))};
  }
  if (!has_image) return Error{Code::kInvalid, "tool: {image} is missing, which is the file that is to be written"};
  if (has_baud && baud == ToolBaud::kNone) {
    return Error{Code::kInvalid, "tool: has {baud}, and `bauds` is missing, as in `bauds: [57600]`"};
  }
  return {};
}

bool NamesSerialNumber(const std::vector<std::string>& command) {
  return std::any_of(command.begin(), command.end(),
                     [](const std::string& argument) { return argument.find("{serial}") != std::string::npos; });
}

std::vector<std::string> FillInToolCommand(const std::vector<std::string>& command, const ToolWords& words) {
  std::vector<std::string> filled;
  for (const std::string& argument : command) {
    filled.push_back(Replace(argument, [&](std::string_view word) -> std::string {
      if (word == "port") return words.port;
      if (word == "image") return words.image;
      if (word == "chip") return words.chip;
      if (word == "serial") return words.serial;
      if (word == "baud") return std::to_string(words.baud);
      return fmt::format("0x{:X}", words.address);
    }));
  }
  return filled;
}

}  // namespace motley::agent
