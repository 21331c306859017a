#pragma once

#include "agent/flash/board_type.h"
#include "agent/serial/port.h"

namespace motley::agent {

/// Called on a port that was just opened: starts the application anew where the board's modem lines can, and leaves
/// them as they have to be while it runs. What the board said before is thrown away. Where opening itself resets the
/// board (kDtr) there is nothing more to do; where nothing but its user can (kNone, kTouch1200) it goes on as it is.
/// Blocks for 100 ms at most. Errors: as SerialPort.
Result<void> StartApplication(SerialPort& port, ResetMethod method);

/// Called before a port is closed that is to be opened again at once: makes sure that opening it will be seen as a
/// reset. Blocks for 50 ms at most. Errors: as SerialPort.
Result<void> PrepareToReopen(SerialPort& port, ResetMethod method);

}  // namespace motley::agent
