#include "agent/flash/boards.h"

namespace motley::agent {
namespace {

// Sources: boards.txt of the Arduino AVR core, the ATmega328P datasheet (table 28-7: signature; 28.3: flash).
constexpr std::array<std::uint8_t, 3> kAtmega328p{0x1E, 0x95, 0x0F};
constexpr std::array kUnoIds{UsbId{0x2341, 0x0043}, UsbId{0x2341, 0x0001}, UsbId{0x2A03, 0x0043},
                             UsbId{0x2341, 0x0243}};
// Bridges that many boards have; among those that speak this protocol the Nano is the common one.
constexpr std::array kNanoIds{UsbId{0x0403, 0x6001}, UsbId{0x1A86, 0x7523}};

constexpr std::array kBoards{
    // Optiboot: 512 bytes at the end of flash.
    BoardType{"uno", FlashProtocol::kStk500v1, kAtmega328p, 115200, 32768, 128, 32256, 115200, kUnoIds},
    // ATmegaBOOT: 2 KiB.
    BoardType{"nano", FlashProtocol::kStk500v1, kAtmega328p, 57600, 32768, 128, 30720, 115200, kNanoIds},
};

}  // namespace

std::span<const BoardType> KnownBoards() { return kBoards; }

const BoardType* FindBoardType(std::string_view name) {
  for (const BoardType& board : kBoards) {
    if (board.name == name) return &board;
  }
  return nullptr;
}

const BoardType* BoardTypeOf(std::uint32_t usb_vendor, std::uint32_t usb_product) {
  for (const BoardType& board : kBoards) {
    for (const UsbId& id : board.usb_ids) {
      if (id.vendor == usb_vendor && id.product == usb_product) return &board;
    }
  }
  return nullptr;
}

std::string KnownBoardNames() {
  std::string names;
  for (const BoardType& board : kBoards) names += (names.empty() ? "" : ", ") + std::string(board.name);
  return names;
}

}  // namespace motley::agent
