#pragma once

#include <functional>
#include <memory>

#include "agent/flash/boards.h"
#include "agent/flash/image.h"
#include "agent/serial/port.h"
#include "common/base/result.h"

namespace motley::agent {

/// Bytes written or read back so far, of both together; less again when noise on the line made it start over.
using FlashProgress = std::function<void(std::uint32_t done_bytes, std::uint32_t total_bytes)>;

/// One bootloader protocol. Blocking, with a deadline on each read; for the port's worker.
class Flasher {
 public:
  virtual ~Flasher() = default;

  /// Resets the board into its bootloader, makes sure that it is the chip of `board`, writes `image`, reads it back,
  /// and starts the application. The port's speed afterwards is the bootloader's. `image` fits the board. Errors:
  /// kTimeout (no bootloader answers), kInvalid (another chip), kCorrupt (what is read back differs), kUnavailable (the
  /// board was pulled). What may be noise on the line is tried once more from the start. After an error the chip may
  /// hold anything.
  virtual Result<void> Flash(SerialPort& port, const BoardType& board, const Image& image,
                             const FlashProgress& progress) = 0;
};

std::unique_ptr<Flasher> CreateFlasher(FlashProtocol protocol);

}  // namespace motley::agent
