#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/flash/board_type.h"
#include "common/base/result.h"

namespace motley::agent {

/// Bytes that lie together in a chip's memory.
struct Segment {
  std::uint32_t address = 0;
  std::vector<std::uint8_t> bytes;
  std::uint64_t end() const { return std::uint64_t{address} + bytes.size(); }
  bool operator==(const Segment&) const = default;
};

/// What is to be in a chip's flash. What no segment covers is 0xFF, as in erased flash, where it shares a sector with
/// one, and is left alone elsewhere.
struct Image {
  /// In ascending order, none empty, none touching another.
  std::vector<Segment> segments;
  /// What the file says of the chips that it is for, where its format can: ELF the first, UF2 the second.
  ChipFamily family = ChipFamily::kUnknown;
  std::optional<std::uint32_t> uf2_family;
  std::uint64_t bytes() const;
  bool operator==(const Image&) const = default;
};

/// The content of [address, address + size).
std::vector<std::uint8_t> ContentOf(const Image& image, std::uint32_t address, std::uint32_t size);

/// Puts an image together from pieces in any order.
class ImageBuilder {
 public:
  /// Errors: kCorrupt (an address that was given before, or one past 32 bits), kInvalid (more than 16 MiB in all).
  Result<void> Add(std::uint64_t address, std::span<const std::uint8_t> bytes);
  bool empty() const { return pieces_.empty(); }
  Image Build();

 private:
  std::map<std::uint64_t, std::vector<std::uint8_t>> pieces_;
  std::uint64_t bytes_ = 0;
};

/// Reads the format that the end of `name` says, capitals or not: .hex and .ihex are Intel HEX; .s19, .s28, .s37, .srec
/// and .mot S-records; .elf ELF; .uf2 UF2; all else are bytes as they are, which belong to `raw_address`.
/// Errors: kCorrupt (the file is broken; names the place), kInvalid (nothing in it, more than 16 MiB, or for no
/// microcontroller).
Result<Image> ParseImage(std::string_view name, std::string_view content, std::uint32_t raw_address);

/// Errors: kInvalid (something lies outside of what an application may occupy on the board, or the image says that it
/// is for another family of chips).
Result<void> CheckFits(const Image& image, const BoardType& board);

}  // namespace motley::agent
