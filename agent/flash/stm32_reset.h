#pragma once

#include "agent/serial/port.h"

namespace motley::agent {

/// From where an STM32 starts after a reset: the level at its pin BOOT0.
enum class Stm32Boot { kApplication, kSystemMemory };

/// Resets an STM32 by the modem lines as ResetMethod::kBoot0Rts says, and waits until a bootloader can hear; what comes
/// meanwhile is thrown away.
///
/// Active DTR pulls NRST down, active RTS pulls BOOT0 up: with the pins of a USB adapter, which are low when active,
/// DTR goes to NRST as it is, and RTS to BOOT0 over an inverting transistor. So a board starts its application when no
/// program has the port, and also when it is powered without the gateway. This is `stm32flash -i
/// 'rts,dtr,-dtr,:-rts,dtr,-dtr'` (there "dtr" makes it active). Opening a port makes both active: the board is held in
/// reset until this is called.
/// Blocks for 120 ms, or 20 ms for an application. Errors: as SerialPort.
Result<void> ResetStm32(SerialPort& port, Stm32Boot boot);

}  // namespace motley::agent
