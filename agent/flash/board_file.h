#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/flash/board_type.h"
#include "common/base/result.h"

namespace motley::agent {

/// Which type one board is, whatever its USB ids say.
struct BoardAssignment {
  enum class By { kSerialNumber, kPort };
  By by;
  /// The USB serial number, or the port: "/dev/ttyUSB0".
  std::string key;
  /// The name of a type.
  std::string type;
  /// "FILE:LINE".
  std::string source;
};

/// A file of board types, as docs/boards.md describes it.
struct BoardFile {
  std::vector<BoardType> types;
  std::vector<BoardAssignment> assignments;
};

/// Null for a name that is not known.
using FindBoardType = std::function<const BoardType*(std::string_view name)>;

/// `known` has the types from elsewhere, for `like`. Whether the types of assignments exist is not looked at.
/// Errors: kInvalid, with file and line.
Result<BoardFile> ParseBoardFile(const std::string& name, const std::string& text, const FindBoardType& known);

}  // namespace motley::agent
