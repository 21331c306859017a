#pragma once

#include <optional>

#include "agent/flash/flasher.h"

namespace motley::agent {

/// Flashes by a program of others, by the command of the board's type: for boards whose bootloader speaks what Motley
/// does not. The program is what verifies; its command must make it do so. Images of any format are brought into the
/// one that the program reads.
class ToolFlasher final : public Flasher {
 public:
  /// `system` outlives the object.
  explicit ToolFlasher(SerialSystem& system) : system_(system) {}

  /// Closes the port. Errors: kInvalid (the image does not fit; the board has no serial number to be found by),
  /// kNotFound (the program is not installed; names its package), kTimeout (it did not end in time, or the board did
  /// not come back after the touch), kUnavailable (the program failed; with its last lines).
  Result<FlashReport> Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) override;

 private:
  SerialSystem& system_;
};

/// On the ports of this machine.
std::unique_ptr<Flasher> CreateToolFlasher();

/// The content that the board's tool wants to read.
std::string ToolImageOf(const Image& image, const BoardType& board);

}  // namespace motley::agent
