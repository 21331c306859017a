#pragma once

#include <memory>

#include "agent/flash/bootloader.h"

namespace motley::agent {

/// The bootloader of the Arduino Mega 2560 (stk500boot_v2).
/// Source: Atmel AVR068, STK500 Communication Protocol (version 2).
std::unique_ptr<Bootloader> CreateStk500v2(SerialPort& port, const BoardType& board);

}  // namespace motley::agent
