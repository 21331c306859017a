#pragma once

#include "agent/flash/board_type.h"
#include "agent/flash/image.h"
#include "common/base/result.h"

namespace motley::agent {

/// What the ROM and the second bootloader look at before they start an application.
/// Source: Espressif, esptool documentation, "Firmware Image Format".
/// Errors: kInvalid (nothing at the begin of the application, no application there, or one for another chip).
Result<void> CheckEspressifImage(const Image& image, const BoardType& board);

}  // namespace motley::agent
