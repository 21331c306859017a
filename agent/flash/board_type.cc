#include "agent/flash/board_type.h"

#include <fmt/format.h>

#include <algorithm>

namespace motley::agent {

std::string_view ChipFamilyName(ChipFamily family) {
  switch (family) {
    case ChipFamily::kUnknown:
      break;
    case ChipFamily::kAvr:
      return "AVR";
    case ChipFamily::kArm:
      return "ARM";
    case ChipFamily::kXtensa:
      return "Xtensa";
    case ChipFamily::kRiscV:
      return "RISC-V";
  }
  return "unknown";
}

Result<void> CheckChipId(const BoardType& board, std::uint32_t found, const std::string& port, std::string_view name) {
  if (board.chip_ids.empty() ||
      std::find(board.chip_ids.begin(), board.chip_ids.end(), found) != board.chip_ids.end()) {
    return {};
  }
  std::string known;
  for (const std::uint32_t id : board.chip_ids) known += fmt::format("{}0x{:X}", known.empty() ? "" : " or ", id);
  return Error{Code::kInvalid,
               fmt::format("the chip on {} says that it is 0x{:X}{}, and the {} of a {} says {}; "
                           "nothing was written",
                           port, found, name.empty() ? "" : fmt::format(" ({})", name), board.chip, board.name, known)};
}

}  // namespace motley::agent
