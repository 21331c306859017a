#include "agent/flash/board_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "agent/flash/catalogue.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1024 * 1024;

std::string_view ProtocolName(FlashProtocol protocol) {
  switch (protocol) {
    case FlashProtocol::kStk500v1:
      return "stk500v1";
    case FlashProtocol::kStk500v2:
      return "stk500v2";
    case FlashProtocol::kStm32:
      return "stm32";
    case FlashProtocol::kEspressif:
      return "espressif";
    case FlashProtocol::kSmp:
      return "smp";
    case FlashProtocol::kTool:
      return "tool";
  }
  CHECK(false);
}

/// "31.5 KiB".
std::string SizeText(std::uint32_t bytes) {
  return bytes % 1024 == 0 ? fmt::format("{} KiB", bytes / 1024) : fmt::format("{:.1f} KiB", bytes / 1024.0);
}

std::string UsbIdsText(const BoardType& board) {
  std::string text;
  for (const UsbId& id : board.usb_ids) {
    text += fmt::format("{}{:04x}:{:04x}", text.empty() ? "" : " ", id.vendor, id.product);
  }
  return text.empty() ? "-" : text;
}

using Row = std::vector<std::string>;

/// Columns as wide as their widest cell; the last one is as it is.
std::string Table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += row.back() + "\n";
  }
  return text;
}

bool IsIn(const std::string& source, const std::string& file) {
  return file.empty() || (source.starts_with(file) && source.find(':', file.size()) == file.size());
}

std::string Describe(const BoardCatalogue& catalogue, const std::string& file) {
  std::vector<Row> types{{"TYPE", "CHIP", "PROTOCOL", "APPLICATION", "USB IDS", "TITLE"}};
  for (const BoardType& board : catalogue.types()) {
    if (!IsIn(board.source, file)) continue;
    const std::string protocol = board.protocol == FlashProtocol::kTool ? "tool " + board.tool.front()
                                                                        : std::string(ProtocolName(board.protocol));
    types.push_back({board.name, board.chip, protocol,
                     fmt::format("{} at 0x{:X}", SizeText(board.application_end - board.application_begin),
                                 board.application_begin),
                     UsbIdsText(board), board.title});
  }
  std::string text = types.size() > 1 ? Table(types) : "";
  std::vector<Row> named{{"BOARD", "TYPE", "SAYS"}};
  for (const BoardAssignment& assignment : catalogue.assignments()) {
    if (!IsIn(assignment.source, file)) continue;
    const bool by_port = assignment.by == BoardAssignment::By::kPort;
    named.push_back({(by_port ? "at " : "serial number ") + assignment.key, assignment.type, assignment.source});
  }
  if (named.size() > 1) text += (text.empty() ? "" : "\n") + Table(named);
  return text;
}

}  // namespace

Result<std::string> ListBoards(const std::string& folder, const std::string& check_file) {
  TRY_ASSIGN(BoardCatalogue catalogue, BoardCatalogue::Load(folder));
  if (check_file.empty()) return Describe(catalogue, "");
  const std::filesystem::path path(check_file);
  std::error_code ignored;
  const auto place = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const bool is_loaded = path.extension() == ".yaml" && std::filesystem::exists(path, ignored) &&
                         std::filesystem::equivalent(place, folder, ignored);
  if (is_loaded) return Describe(catalogue, (std::filesystem::path(folder) / path.filename()).string());
  TRY_ASSIGN(const std::string text, ReadFile(check_file, kMaxFileBytes));
  TRY(catalogue.Add(check_file, text));
  return Describe(catalogue, check_file);
}

}  // namespace motley::agent
