#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/flash/board_type.h"
#include "agent/serial/port.h"
#include "common/base/result.h"

namespace motley::agent {

/// Has a board with native USB enter its bootloader: opens its port at 1200 baud and closes it, which makes the
/// application go away, and the port with it. The name of the port that the bootloader brings up; the same one where
/// that is the board's already.
///
/// Boards that do this at the same time wait for each other, as a new port does not say which board it is. Blocks up to
/// 10 s; `port` is null afterwards. Errors: kTimeout (no port came; what to press), those of the port.
/// Source: Arduino, "Build Process", use_1200bps_touch.
Result<std::string> Touch1200(std::unique_ptr<SerialPort>& port, SerialSystem& system, const BoardType& board);

/// Which port is the bootloader's, from the ports `before` the touch and `now`; nothing yet. `gone`: the touched port
/// has been away since. Pure.
std::optional<std::string> BootloaderPort(const std::vector<PortInfo>& before, const std::vector<PortInfo>& now,
                                          const std::string& touched, bool gone, const BoardType& board);

}  // namespace motley::agent
