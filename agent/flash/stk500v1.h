#pragma once

#include "agent/flash/flasher.h"

namespace motley::agent {

/// The bootloaders of AVR Arduinos: optiboot and ATmegaBOOT.
/// Source: Atmel AVR061, STK500 Communication Protocol (version 1).
class Stk500v1 final : public Flasher {
 public:
  Result<void> Flash(SerialPort& port, const BoardType& board, const Image& image,
                     const FlashProgress& progress) override;
};

}  // namespace motley::agent
