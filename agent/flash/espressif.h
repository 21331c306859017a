#pragma once

#include <memory>

#include "agent/flash/bootloader.h"

namespace motley::agent {

/// The loader in the ROM of an Espressif chip (BoardType::chip says which: one of EspressifChips), without any program
/// of others in RAM.
///
/// All but the ESP8266 take compressed data and digest their flash. The ESP8266 does neither: there each block of 1 KiB
/// is read back by the ROM itself, which compares a checksum of 8 bits, and Compare looks at samples, over the
/// registers of the flash controller. Source: Espressif, esptool documentation, "Serial Protocol"; Technical Reference
/// Manuals of the chips.
std::unique_ptr<Bootloader> CreateEspressif(SerialPort& port, const BoardType& board);

/// A Flasher on it. Check: the image begins with an application for the chip. Where a board has
/// ResetMethod::kTouch1200, its ROM brings up a port of its own on `system`, which outlives the Flasher; the port is
/// null after Flash then.
std::unique_ptr<Flasher> CreateEspressifFlasher(SerialSystem& system);

/// On the ports of this machine.
std::unique_ptr<Flasher> CreateEspressifFlasher();

}  // namespace motley::agent
