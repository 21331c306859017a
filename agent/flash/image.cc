#include "agent/flash/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "agent/flash/elf_image.h"
#include "agent/flash/intel_hex.h"
#include "agent/flash/srecord.h"
#include "agent/flash/uf2.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kMaxBytes = 16 * 1024 * 1024;
constexpr std::uint8_t kErased = 0xFF;

/// Capitals count as small letters.
bool HasSuffix(std::string_view name, std::string_view suffix) {
  return name.size() >= suffix.size() &&
         std::equal(suffix.rbegin(), suffix.rend(), name.rbegin(),
                    [](char wanted, char c) { return wanted == std::tolower(static_cast<unsigned char>(c)); });
}

using Parser = Result<Image> (*)(std::string_view content);

/// Null for what has no format.
Parser ParserOf(std::string_view name) {
  static constexpr std::pair<std::string_view, Parser> kParsers[] = {
      {".hex", ParseIntelHex}, {".ihex", ParseIntelHex}, {".s19", ParseSRecords},
      {".s28", ParseSRecords}, {".s37", ParseSRecords},  {".srec", ParseSRecords},
      {".mot", ParseSRecords}, {".elf", ParseElf},       {".uf2", ParseUf2}};
  for (const auto& [suffix, parser] : kParsers) {
    if (HasSuffix(name, suffix)) return parser;
  }
  return nullptr;
}

/// Errors: kInvalid.
Result<void> CheckFamily(const Image& image, const BoardType& board) {
  const bool both_known = image.family != ChipFamily::kUnknown && board.family != ChipFamily::kUnknown;
  if (both_known && image.family != board.family) {
    return Error{Code::kInvalid,
                 fmt::format("the image is for {} chips, and board {} has an {} of another family, {}; build it for "
                             "this board, or take another board",
                             ChipFamilyName(image.family), board.name, board.chip, ChipFamilyName(board.family))};
  }
  const auto& families = board.uf2_families;
  if (!image.uf2_family || families.empty() ||
      std::find(families.begin(), families.end(), *image.uf2_family) != families.end()) {
    return {};
  }
  std::string known;
  for (const std::uint32_t family : families) known += fmt::format("{}0x{:08X}", known.empty() ? "" : " or ", family);
  return Error{Code::kInvalid, fmt::format("the UF2 file is for the family 0x{:08X}, and the {} of board {} is {}; "
                                           "build it for this board, or take another board",
                                           *image.uf2_family, board.chip, board.name, known)};
}

}  // namespace

std::uint64_t Image::bytes() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments) sum += segment.bytes.size();
  return sum;
}

std::vector<std::uint8_t> ContentOf(const Image& image, std::uint32_t address, std::uint32_t size) {
  std::vector<std::uint8_t> content(size, kErased);
  const std::uint64_t end = std::uint64_t{address} + size;
  for (const Segment& segment : image.segments) {
    const std::uint64_t from = std::max<std::uint64_t>(address, segment.address);
    const std::uint64_t to = std::min(end, segment.end());
    if (from >= to) continue;
    std::copy_n(segment.bytes.begin() + static_cast<std::ptrdiff_t>(from - segment.address), to - from,
                content.begin() + static_cast<std::ptrdiff_t>(from - address));
  }
  return content;
}

Result<void> ImageBuilder::Add(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return {};
  const std::uint64_t end = address + bytes.size();
  if (end > 0x1'0000'0000) return Error{Code::kCorrupt, fmt::format("address 0x{:X} needs more than 32 bits", end - 1)};
  bytes_ += bytes.size();
  if (bytes_ > kMaxBytes) {
    return Error{Code::kInvalid, "the image has more than 16 MiB: no chip has that; is it the right file?"};
  }
  const auto after = pieces_.lower_bound(address);
  if (after != pieces_.end() && after->first < end) {
    return Error{Code::kCorrupt, fmt::format("address 0x{:X} is there twice", after->first)};
  }
  if (after != pieces_.begin()) {
    auto& [start, before] = *std::prev(after);
    if (start + before.size() > address) {
      return Error{Code::kCorrupt, fmt::format("address 0x{:X} is there twice", address)};
    }
    if (start + before.size() == address) {
      before.insert(before.end(), bytes.begin(), bytes.end());
      return {};
    }
  }
  pieces_.emplace_hint(after, address, std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  return {};
}

Image ImageBuilder::Build() {
  Image image;
  for (auto& [address, bytes] : pieces_) {
    if (!image.segments.empty() && image.segments.back().end() == address) {
      auto& last = image.segments.back().bytes;
      last.insert(last.end(), bytes.begin(), bytes.end());
    } else {
      image.segments.push_back({static_cast<std::uint32_t>(address), std::move(bytes)});
    }
  }
  pieces_.clear();
  bytes_ = 0;
  return image;
}

Result<Image> ParseImage(std::string_view name, std::string_view content, std::uint32_t raw_address) {
  if (const Parser parser = ParserOf(name)) return parser(content).While(name);
  if (content.empty()) return Error{Code::kInvalid, fmt::format("{}: the image is empty; push the file again", name)};
  ImageBuilder builder;
  TRY(builder.Add(raw_address, {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()}).While(name));
  return builder.Build();
}

Result<void> CheckFits(const Image& image, const BoardType& board) {
  TRY(CheckFamily(image, board));
  for (const Segment& segment : image.segments) {
    if (segment.address >= board.application_begin && segment.end() <= board.application_end) continue;
    return Error{
        Code::kInvalid,
        fmt::format("the image has something at 0x{:X} to 0x{:X}, and an application for board {} may occupy "
                    "0x{:X} to 0x{:X}: the rest is the bootloader's, or is not there; make it smaller, link it "
                    "for this chip, or take another board",
                    segment.address, segment.end() - 1, board.name, board.application_begin,
                    board.application_end - 1)};
  }
  return {};
}

}  // namespace motley::agent
