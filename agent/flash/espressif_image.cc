#include "agent/flash/espressif_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "agent/flash/espressif_chip.h"

namespace motley::agent {
namespace {

constexpr std::uint8_t kMagic = 0xE9;
constexpr std::uint8_t kMaxSegments = 16;
/// Common header and extended header; the ESP8266 has the first alone.
constexpr std::uint32_t kHeader = 24;
constexpr std::uint32_t kShortHeader = 8;
/// Of the extended header: two bytes.
constexpr std::size_t kChipId = 12;
/// The ROM of an ESP8266 can not erase one sector of 4 KiB without the next.
constexpr std::uint32_t kEsp8266Sector = 8192;

Result<void> CheckEsp8266Sectors(const BoardType& board) {
  for (const SectorRun& run : board.sectors) {
    if (run.address % kEsp8266Sector == 0 && run.bytes % kEsp8266Sector == 0) continue;
    return Error{Code::kInvalid,
                 fmt::format("board {} has sectors of {} bytes from 0x{:X} on, and the ROM of an {} erases {} at once; "
                             "give addresses and sizes that are multiples of that",
                             board.name, run.bytes, run.address, board.chip, kEsp8266Sector)};
  }
  return {};
}

/// "the Espressif chip number 9 (ESP32-S3)".
std::string NameOfId(std::uint16_t id) {
  const auto chips = EspressifChips();
  const auto known = std::find_if(chips.begin(), chips.end(), [&](const EspressifChip& chip) { return chip.id == id; });
  const std::string name = known == chips.end() ? "" : fmt::format(" ({})", known->name);
  return fmt::format("the Espressif chip number {}{}", id, name);
}

}  // namespace

Result<void> CheckEspressifImage(const Image& image, const BoardType& board) {
  TRY_ASSIGN(const EspressifChip* const chip, EspressifChipOf(board));
  const std::uint32_t header_bytes = chip->id ? kHeader : kShortHeader;
  // An image of the whole flash has the second bootloader first.
  const std::uint32_t begin = std::max(board.application_begin, chip->boot_address);
  const auto holds_header = [&](const Segment& segment) {
    return segment.address <= begin && segment.end() >= std::uint64_t{begin} + header_bytes;
  };
  if (!std::any_of(image.segments.begin(), image.segments.end(), holds_header)) {
    return Error{Code::kInvalid,
                 fmt::format("the image has no {} bytes at 0x{:X}, where the application of a {} begins; give the .bin "
                             "of the application alone, or a .hex with its addresses",
                             header_bytes, begin, board.name)};
  }
  const auto header = ContentOf(image, begin, header_bytes);
  if (header[0] != kMagic || header[1] == 0 || header[1] > kMaxSegments) {
    return Error{Code::kInvalid,
                 fmt::format("at 0x{:X} the image begins with 0x{:02X} 0x{:02X}, and an application for the {} of a {} "
                             "with 0x{:02X} and a number of segments up to {}; is it what esptool's elf2image made?",
                             begin, header[0], header[1], board.chip, board.name, kMagic, kMaxSegments)};
  }
  if (!chip->id) return CheckEsp8266Sectors(board);
  const auto found = static_cast<std::uint16_t>(header[kChipId] | header[kChipId + 1] << 8);
  if (found != *chip->id) {
    return Error{Code::kInvalid, fmt::format("the image is for {}, and the {} of a {} is {}; build it for that chip",
                                             NameOfId(found), board.chip, board.name, *chip->id)};
  }
  return {};
}

}  // namespace motley::agent
