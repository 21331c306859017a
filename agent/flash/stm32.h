#pragma once

#include <memory>

#include "agent/flash/bootloader.h"

namespace motley::agent {

/// The bootloader in the system memory of STM32 chips, over USART. It can not be overwritten, so that a board always
/// gets out of whatever has happened to it. Write is called with multiples of 4 bytes on erased flash.
/// Source: ST AN3155, USART protocol used in the STM32 bootloader; AN2606, system memory boot mode.
std::unique_ptr<Bootloader> CreateStm32(SerialPort& port, const BoardType& board);

}  // namespace motley::agent
