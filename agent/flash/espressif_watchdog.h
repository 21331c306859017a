#pragma once

#include "agent/flash/espressif_chip.h"
#include "agent/flash/espressif_link.h"
#include "common/base/result.h"

namespace motley::agent {

/// Stops the watchdogs that an application started: a reset over the chip's own USB leaves them running, and they would
/// end the flash. Nothing where the chip has none. Errors: as EspressifLink::Do.
Result<void> StopWatchdogs(EspressifLink& link, const EspressifChip& chip);

/// Has the watchdog reset the whole chip, some 15 ms later: it looks at its pins again, and leaves a ROM that a hand
/// put it into. Its USB may go away meanwhile. `chip.resets_by_watchdog`. Errors: as EspressifLink::Do.
Result<void> ResetByWatchdog(EspressifLink& link, const EspressifChip& chip);

}  // namespace motley::agent
