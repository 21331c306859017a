#include "agent/flash/catalogue.h"

namespace motley::agent {

BoardCatalogue BoardCatalogue::BuiltIn() {
  // Sources: boards.txt of the Arduino AVR core, the ATmega328P datasheet (table 28-7: signature; 28.3: flash).
  BoardType uno;
  uno.name = "uno";
  uno.title = "Arduino Uno";
  uno.chip = "ATmega328P";
  uno.chip_ids = {0x1E950F};
  uno.bauds = {115200};
  uno.page_bytes = 128;
  // Optiboot: 512 bytes at the end of flash.
  uno.application_end = 32256;
  uno.sectors = {{0, uno.application_end / uno.page_bytes, uno.page_bytes}};
  uno.usb_ids = {{0x2341, 0x0043}, {0x2341, 0x0001}, {0x2A03, 0x0043}, {0x2341, 0x0243}};
  BoardType nano = uno;
  nano.name = "nano";
  nano.title = "Arduino Nano";
  nano.bauds = {57600};
  // ATmegaBOOT: 2 KiB.
  nano.application_end = 30720;
  nano.sectors = {{0, nano.application_end / nano.page_bytes, nano.page_bytes}};
  // Bridges that many boards have; among those that speak this protocol the Nano is the common one.
  nano.usb_ids = {{0x0403, 0x6001}, {0x1A86, 0x7523}};
  // ATmega2560 datasheet (table 30-10: signature; 29.8: flash).
  BoardType mega;
  mega.name = "mega";
  mega.title = "Arduino Mega 2560";
  mega.chip = "ATmega2560";
  mega.protocol = FlashProtocol::kStk500v2;
  mega.chip_ids = {0x1E9801};
  mega.bauds = {115200};
  mega.page_bytes = 256;
  // stk500boot: 8 KiB, and it does not erase the 8 KiB before itself.
  mega.application_end = 0x3C000;
  mega.sectors = {{0, mega.application_end / mega.page_bytes, mega.page_bytes}};
  mega.usb_ids = {{0x2341, 0x0042}, {0x2341, 0x0010}, {0x2A03, 0x0042}, {0x2A03, 0x0010}, {0x2341, 0x0242}};
  BoardCatalogue catalogue;
  catalogue.types_ = {uno, nano, mega};
  return catalogue;
}

const BoardType* BoardCatalogue::Find(std::string_view name) const {
  for (const BoardType& board : types_) {
    if (board.name == name) return &board;
  }
  return nullptr;
}

const BoardType* BoardCatalogue::Of(std::uint32_t usb_vendor, std::uint32_t usb_product) const {
  for (const BoardType& board : types_) {
    for (const UsbId& id : board.usb_ids) {
      if (id.vendor == usb_vendor && id.product == usb_product) return &board;
    }
  }
  return nullptr;
}

std::string BoardCatalogue::Names() const {
  std::string names;
  for (const BoardType& board : types_) names += (names.empty() ? "" : ", ") + board.name;
  return names;
}

}  // namespace motley::agent
