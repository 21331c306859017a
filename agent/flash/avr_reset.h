#pragma once

#include "agent/serial/port.h"

namespace motley::agent {

/// Resets an AVR whose reset pin hangs on DTR over a capacitor, and waits until its bootloader can hear; what comes
/// meanwhile is thrown away. Blocks for 120 ms. Errors: as SerialPort.
Result<void> ResetAvr(SerialPort& port);

}  // namespace motley::agent
