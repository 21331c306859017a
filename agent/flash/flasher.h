#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/flash/board_type.h"
#include "agent/flash/image.h"
#include "agent/serial/port.h"
#include "common/base/result.h"

namespace motley::agent {

/// Bytes written or read back so far, of both together; less again when noise on the line made it start over.
using FlashProgress = std::function<void(std::uint32_t done_bytes, std::uint32_t total_bytes)>;

struct FlashJob {
  const Image& image;
  /// The file that the image was read from, for programs of others.
  std::string file;
  /// What is in the chip as far as is known, that is what was verified last. Null: not known. Sectors that hold the
  /// right content by it are not written; before it is relied on, samples are read and compared.
  const Image* known = nullptr;
  FlashProgress progress;
};

struct FlashReport {
  std::uint32_t written_bytes = 0;
  /// Of the image: they were there already.
  std::uint32_t skipped_bytes = 0;
};

/// How the image of one type of board gets into its chip. Blocking, with a deadline on each read; for the port's
/// worker.
class Flasher {
 public:
  virtual ~Flasher() = default;

  /// What the protocol wants of an image beyond that it fits (CheckFits). Without a board. Errors: kInvalid.
  virtual Result<void> Check(const Image& image, const BoardType& board) const;

  /// Makes sure that it is the right chip, writes what is not there yet, verifies it by reading back or by checksums
  /// from the chip, and starts the application. `job.image` fits the board. `port` is open; it may have another speed
  /// afterwards, and is null where it had to be closed. Errors: kTimeout (no bootloader answers), kInvalid (another
  /// chip), kCorrupt (what is read back differs), kDenied (the chip is protected), kUnavailable (the board was pulled).
  /// What may be noise on the line is tried once more. After an error the chip may hold anything.
  virtual Result<FlashReport> Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) = 0;

  /// Called when the application has proved itself: where a bootloader would go back to the image before at the next
  /// reset, it is told not to. Errors: as Flash.
  virtual Result<void> Keep(SerialPort& port, const BoardType& board, const Image& image);
};

std::unique_ptr<Flasher> CreateFlasher(FlashProtocol protocol);

}  // namespace motley::agent
