#include "agent/flash/sectors.h"

#include <algorithm>

namespace motley::agent {

std::vector<Sector> SectorsOf(const Image& image, const BoardType& board) {
  std::vector<Sector> sectors;
  for (const Segment& segment : image.segments) {
    for (const SectorRun& run : board.sectors) {
      const std::uint64_t from = std::max(segment.address, run.address);
      const std::uint64_t to = std::min<std::uint64_t>(segment.end(), run.end());
      if (from >= to) continue;
      for (std::uint64_t i = (from - run.address) / run.bytes; run.address + i * run.bytes < to; ++i) {
        const auto address = static_cast<std::uint32_t>(run.address + i * run.bytes);
        const auto used = static_cast<std::uint32_t>(std::min<std::uint64_t>(to, std::uint64_t{address} + run.bytes) -
                                                     std::max<std::uint64_t>(from, address));
        if (!sectors.empty() && sectors.back().address == address) {
          sectors.back().used += used;  // shared by two segments
        } else {
          sectors.push_back({address, run.bytes, used});
        }
      }
    }
  }
  return sectors;
}

std::vector<Sector> SectorsUpTo(const Sector& last, const std::vector<Sector>& used, const BoardType& board) {
  std::vector<Sector> sectors;
  auto next = used.begin();
  for (const SectorRun& run : board.sectors) {
    for (std::uint32_t address = run.address; address < run.end() && address <= last.address; address += run.bytes) {
      if (next != used.end() && next->address == address) {
        sectors.push_back(*next++);
      } else {
        sectors.push_back({address, run.bytes, 0});
      }
    }
  }
  return sectors;
}

std::vector<Block> BlocksOf(const std::vector<Sector>& sectors, const Image& image) {
  std::vector<Block> blocks;
  for (const Sector& sector : sectors) {
    const auto content = ContentOf(image, sector.address, sector.bytes);
    if (!blocks.empty() && blocks.back().address + blocks.back().bytes.size() == sector.address) {
      blocks.back().bytes.insert(blocks.back().bytes.end(), content.begin(), content.end());
    } else {
      blocks.push_back({sector.address, content});
    }
  }
  return blocks;
}

std::vector<Block> WithoutErased(const Block& block, std::uint32_t page_bytes) {
  std::vector<Block> blocks;
  for (std::size_t at = 0; at < block.bytes.size(); at += page_bytes) {
    const auto first = block.bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = first + static_cast<std::ptrdiff_t>(std::min<std::size_t>(page_bytes, block.bytes.size() - at));
    if (std::all_of(first, last, [](std::uint8_t byte) { return byte == 0xFF; })) continue;
    const auto address = static_cast<std::uint32_t>(block.address + at);
    if (!blocks.empty() && blocks.back().address + blocks.back().bytes.size() == address) {
      blocks.back().bytes.insert(blocks.back().bytes.end(), first, last);
    } else {
      blocks.push_back({address, {first, last}});
    }
  }
  return blocks;
}

}  // namespace motley::agent
