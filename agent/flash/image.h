#pragma once

#include <cstdint>
#include <map>
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

/// Reads the format that the end of `name` says: .hex and .ihex are Intel HEX; all else are bytes as they are, which
/// belong to `raw_address`.
/// Errors: kCorrupt (the file is broken; names the place), kInvalid (nothing in it, or more than 16 MiB).
Result<Image> ParseImage(std::string_view name, std::string_view content, std::uint32_t raw_address);

/// Intel HEX, strictly: every line a whole record with the right checksum, no byte twice, and the end record at the
/// end. Source: Intel, Hexadecimal Object File Format Specification, revision A (1988).
Result<Image> ParseIntelHex(std::string_view content);

/// Errors: kInvalid (something lies outside of what an application may occupy on the board).
Result<void> CheckFits(const Image& image, const BoardType& board);

}  // namespace motley::agent
