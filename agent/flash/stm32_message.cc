#include "agent/flash/stm32_message.h"

#include "common/base/result.h"

namespace motley::agent {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes WithChecksum(Bytes bytes) {
  std::uint8_t checksum = 0;
  for (const std::uint8_t byte : bytes) checksum ^= byte;
  bytes.push_back(checksum);
  return bytes;
}

std::uint8_t Byte(std::size_t number, int place) { return static_cast<std::uint8_t>(number >> (8 * place)); }

}  // namespace

Bytes Stm32Word(std::uint8_t word) { return {word, static_cast<std::uint8_t>(~word)}; }

Bytes Stm32Address(std::uint32_t address) {
  return WithChecksum({Byte(address, 3), Byte(address, 2), Byte(address, 1), Byte(address, 0)});
}

Bytes Stm32Data(std::span<const std::uint8_t> bytes) {
  CHECK(!bytes.empty() && bytes.size() <= kStm32Block && bytes.size() % 4 == 0);
  Bytes message{Byte(bytes.size() - 1, 0)};
  message.insert(message.end(), bytes.begin(), bytes.end());
  return WithChecksum(std::move(message));
}

std::vector<Stm32Sector> Stm32SectorsIn(const BoardType& board, std::uint32_t address, std::uint32_t size) {
  std::vector<Stm32Sector> sectors;
  std::uint32_t number = (board.sectors.front().address - kStm32Flash) / board.sectors.front().bytes;
  for (const SectorRun& run : board.sectors) {
    for (std::uint32_t i = 0; i < run.count; ++i, ++number) {
      const std::uint32_t begin = run.address + i * run.bytes;
      if (begin >= address && begin - address < size) sectors.push_back({number, run.bytes});
    }
  }
  return sectors;
}

std::size_t Stm32MaxPages(Stm32Command erase) { return erase == Stm32Command::kErase ? 255 : 512; }

Bytes Stm32Pages(Stm32Command erase, std::span<const Stm32Sector> sectors) {
  CHECK(!sectors.empty() && sectors.size() <= Stm32MaxPages(erase));
  Bytes message;
  const auto add = [&](std::size_t number) {
    if (erase == Stm32Command::kExtendedErase) message.push_back(Byte(number, 1));
    message.push_back(Byte(number, 0));
  };
  add(sectors.size() - 1);
  for (const Stm32Sector& sector : sectors) add(sector.number);
  return WithChecksum(std::move(message));
}

}  // namespace motley::agent
