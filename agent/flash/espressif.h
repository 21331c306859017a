#pragma once

#include <memory>

#include "agent/flash/bootloader.h"

namespace motley::agent {

/// The loader in the ROM of an ESP32 or ESP8266 (BoardType::chip says which), without any program of others in RAM.
///
/// The ESP32 takes compressed data and digests its flash. The ESP8266 does neither: there each block of 1 KiB is read
/// back by the ROM itself, which compares a checksum of 8 bits, and Compare looks at samples, over the registers of the
/// flash controller.
/// Source: Espressif, esptool documentation, "Serial Protocol"; ESP32 and ESP8266 Technical Reference Manuals.
std::unique_ptr<Bootloader> CreateEspressif(SerialPort& port, const BoardType& board);

/// A Flasher on it. Check: the image begins with an application for the chip.
std::unique_ptr<Flasher> CreateEspressifFlasher();

}  // namespace motley::agent
