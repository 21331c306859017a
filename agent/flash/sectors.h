#pragma once

#include <cstdint>
#include <vector>

#include "agent/flash/board_type.h"
#include "agent/flash/image.h"

namespace motley::agent {

/// A sector of a chip's flash that an image has something in.
struct Sector {
  std::uint32_t address;
  std::uint32_t bytes;
  /// Bytes of the image in it.
  std::uint32_t used;
  bool operator==(const Sector&) const = default;
};

/// In ascending order. What lies outside of the board's sectors is in none.
std::vector<Sector> SectorsOf(const Image& image, const BoardType& board);

/// All sectors of the board up to `last`, which is one of `used`: those that an image has something in (SectorsOf).
std::vector<Sector> SectorsUpTo(const Sector& last, const std::vector<Sector>& used, const BoardType& board);

/// Whole sectors that follow each other, with what they are to hold.
struct Block {
  std::uint32_t address;
  std::vector<std::uint8_t> bytes;
  bool operator==(const Block&) const = default;
};

/// `sectors` in ascending order.
std::vector<Block> BlocksOf(const std::vector<Sector>& sectors, const Image& image);

/// The parts of `block` between pages that are 0xFF throughout, which an erased sector already holds.
std::vector<Block> WithoutErased(const Block& block, std::uint32_t page_bytes);

}  // namespace motley::agent
