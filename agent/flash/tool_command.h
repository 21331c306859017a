#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

/// What the words in braces of a tool's command stand for.
struct ToolWords {
  std::string port;
  std::string image;
  std::string chip;
  /// The USB serial number.
  std::string serial;
  std::uint32_t baud = 0;
  /// Where the image begins.
  std::uint32_t address = 0;
};

enum class ToolBaud { kNone, kGiven };

/// Errors: kInvalid (a word in braces that stands for nothing; none for the image; {baud} where there is none).
Result<void> CheckToolCommand(const std::vector<std::string>& command, ToolBaud baud);

/// Whether {serial} is in it.
bool NamesSerialNumber(const std::vector<std::string>& command);

/// `command` with {port}, {image}, {chip}, {serial}, {baud} and {address} (as 0x...) replaced. Other braces stay.
std::vector<std::string> FillInToolCommand(const std::vector<std::string>& command, const ToolWords& words);

}  // namespace motley::agent
