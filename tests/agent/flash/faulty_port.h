#pragma once

#include <memory>

#include "agent/serial/port.h"

namespace motley::tests {

/// What happens at one message to a board.
struct LineFault {
  enum class What {
    kNone,
    kKill,  ///< this process ends by SIGKILL
    kCut,   ///< the cable is out, from there on
  };
  What what = What::kNone;
  /// Calls of Write are counted from 1, over all ports that share the fault. It strikes before the call.
  int message = 0;
  int sent = 0;
};

/// `port` with a fault. `fault` outlives it.
std::unique_ptr<agent::SerialPort> WithFault(std::unique_ptr<agent::SerialPort> port, LineFault& fault);

}  // namespace motley::tests
