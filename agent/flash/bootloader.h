#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "agent/flash/board_type.h"
#include "agent/flash/flasher.h"
#include "agent/serial/port.h"
#include "common/base/result.h"

namespace motley::agent {

/// So many bytes more have been written or compared.
using BytesDone = std::function<void(std::uint32_t bytes)>;

/// One session with a bootloader that can write, and read or digest, the chip's flash: one class a protocol. Each is
/// made with a port and a type of board, which outlive it. Blocking, with a deadline on each read.
///
/// Errors of all calls: kTimeout and kCorrupt (perhaps noise on the line), kUnavailable (the board was pulled).
class Bootloader {
 public:
  virtual ~Bootloader() = default;

  /// Resets the board into its bootloader, and makes sure that it is the right chip; goes to the fastest speed that
  /// both can. May be called again to start over. Errors: kInvalid (another chip; says which), kDenied (protected).
  virtual Result<void> Connect() = 0;

  /// Whether Write erases what it writes to; if not, Erase comes first.
  virtual bool ErasesInWrite() const = 0;
  /// Whether writing anything erases all that lies before it, from the start of the flash on. Then all of that is
  /// written along with it, in one call of Write for a session.
  virtual bool ErasesFromStart() const { return false; }
  /// Whether it is faster to write all from the start of the flash on up to the last change, `more` bytes beside the
  /// `changed` ones. Asked only where the image has something everywhere before it.
  virtual bool WritesBestFromStart(std::uint32_t /*changed*/, std::uint32_t /*more*/) const { return false; }
  /// `address` and `size` are of whole sectors.
  virtual Result<void> Erase(std::uint32_t address, std::uint32_t size);

  /// Where ErasesInWrite, `bytes` are whole sectors; else `address` and size are multiples of the page. With no idle
  /// gaps: the next block is prepared while the chip writes.
  virtual Result<void> Write(std::uint32_t address, std::span<const std::uint8_t> bytes, const BytesDone& done) = 0;

  /// Whether Compare costs next to nothing, as with checksums from the chip.
  virtual bool ComparesFast() const { return false; }
  /// Whether Compare looks at samples only, since the chip can not be read in a fraction of the time that it takes to
  /// write it. Then nothing is left out of a write because of it.
  virtual bool ComparesSamples() const { return false; }
  struct Difference {
    std::uint32_t address;
    /// What is there; unset where only a checksum is known.
    std::optional<std::uint8_t> found;
  };
  /// The first place at which the chip holds something else than `expected`; nothing: it is all there. Whole pages.
  virtual Result<std::optional<Difference>> Compare(std::uint32_t address, std::span<const std::uint8_t> expected,
                                                    const BytesDone& done) = 0;

  /// Leaves the bootloader; the application that begins at `address` runs.
  virtual Result<void> Start(std::uint32_t address) = 0;
};

using CreateBootloader = std::unique_ptr<Bootloader> (*)(SerialPort& port, const BoardType& board);

/// A Flasher on a Bootloader. Writes only sectors whose content is another: by `known`; else by comparing from the
/// start on for as long as the chip has the right content (or everywhere, where that is fast).
std::unique_ptr<Flasher> CreateBootloaderFlasher(CreateBootloader create);

}  // namespace motley::agent
