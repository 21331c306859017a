#include "agent/flash/board_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/flash/espressif_chip.h"
#include "agent/flash/tool_command.h"

namespace motley::agent {
namespace {

constexpr std::size_t kMaxNameBytes = 63;

Error Wrong(std::string problem) { return {Code::kInvalid, std::move(problem)}; }

Result<void> CheckSectors(const BoardType& board) {
  std::uint64_t end = board.sectors.front().address;
  for (const SectorRun& run : board.sectors) {
    if (run.address < end) {
      return Wrong(fmt::format("sectors: those from 0x{:X} on overlap with those before, which end at 0x{:X}",
                               run.address, end));
    }
    const bool within = end < board.application_end && board.application_begin < run.address;
    if (run.address > end && within) {
      return Wrong(fmt::format("sectors: nothing covers 0x{:X} to 0x{:X} of the application", end, run.address - 1));
    }
    if (run.bytes % board.page_bytes != 0) {
      return Wrong(fmt::format("page_bytes: a page of {} does not divide sectors of {}", board.page_bytes, run.bytes));
    }
    end = run.address + std::uint64_t{run.count} * run.bytes;
    if (end > 0xFFFF'FFFF) return Wrong("sectors: they reach beyond 32 bits");
  }
  if (board.sectors.front().address > board.application_begin || end < board.application_end) {
    return Wrong(fmt::format("sectors: they cover 0x{:X} to 0x{:X}, and the application is 0x{:X} to 0x{:X}",
                             board.sectors.front().address, end - 1, board.application_begin,
                             board.application_end - 1));
  }
  return {};
}

/// A sector that is half the bootloader's would be erased with it.
Result<void> CheckEdge(const BoardType& board, std::uint32_t edge, const char* what) {
  const bool at_sector = std::any_of(board.sectors.begin(), board.sectors.end(), [&](const SectorRun& run) {
    return edge >= run.address && edge <= run.end() && (edge - run.address) % run.bytes == 0;
  });
  if (at_sector) return {};
  return Wrong(
      fmt::format("application: its {}, 0x{:X}, lies within a sector, which is erased as a whole", what, edge));
}

Result<void> CheckTool(const BoardType& board) {
  if (board.protocol != FlashProtocol::kTool) {
    if (!board.tool.empty()) return Wrong("tool: is for `protocol: tool` alone; take one of both away");
    return {};
  }
  if (board.tool.empty()) return Wrong("tool: is missing; give the program and its arguments");
  return CheckToolCommand(board.tool, board.bauds.empty() ? ToolBaud::kNone : ToolBaud::kGiven);
}

Result<void> CheckReset(const BoardType& board) {
  const bool touches = board.reset == ResetMethod::kTouch1200;
  if (!board.bootloader_usb_ids.empty() && !touches) {
    return Wrong("bootloader_usb_ids: are for `reset: touch1200` alone; take one of both away");
  }
  if (board.protocol != FlashProtocol::kEspressif) {
    if (touches && board.protocol != FlashProtocol::kTool) {
      return Wrong("reset: touch1200 is for `protocol: tool` and `protocol: espressif` alone");
    }
    if (board.reset == ResetMethod::kUsbJtag) return Wrong("reset: usb-jtag is for `protocol: espressif` alone");
    return {};
  }
  TRY_ASSIGN(const EspressifChip* const chip, EspressifChipOf(board));
  if (touches && !chip->resets_by_watchdog) {
    return Wrong(
        fmt::format("reset: touch1200 is for tools and for chips that leave their ROM again over their own USB, "
                    "and an {} can not",
                    board.chip));
  }
  return {};
}

}  // namespace

Result<void> CheckBoardType(const BoardType& board) {
  if (board.chip.empty()) return Wrong("chip: is missing, as in `chip: ATmega328P`");
  if (board.application_end <= board.application_begin) {
    return Wrong("application: must end after it begins, as in `application: {begin: 0, end: 0x7E00}`");
  }
  TRY(CheckTool(board));
  TRY(CheckReset(board));
  if (board.protocol != FlashProtocol::kTool) {
    if (board.bauds.empty()) return Wrong("bauds: is missing, as in `bauds: [115200]`");
    if (board.page_bytes == 0) return Wrong("page_bytes: is missing; it is the most that one write takes");
    if (board.sectors.empty()) return Wrong("sectors: is missing, as in `sectors: [{count: 252, bytes: 128}]`");
  }
  if (board.sectors.empty()) return {};
  if (board.page_bytes == 0) return Wrong("page_bytes: is missing beside `sectors`");
  TRY(CheckSectors(board));
  TRY(CheckEdge(board, board.application_begin, "begin"));
  return CheckEdge(board, board.application_end, "end");
}

bool IsBoardName(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kMaxNameBytes && plain(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace motley::agent
