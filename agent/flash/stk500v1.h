#pragma once

#include <memory>

#include "agent/flash/bootloader.h"

namespace motley::agent {

/// The bootloaders of AVR Arduinos: optiboot and ATmegaBOOT.
/// Source: Atmel AVR061, STK500 Communication Protocol (version 1).
std::unique_ptr<Bootloader> CreateStk500v1(SerialPort& port, const BoardType& board);

}  // namespace motley::agent
