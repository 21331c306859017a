#pragma once

#include "agent/flash/flasher.h"

namespace motley::agent {

/// Boards whose application speaks MCUmgr's SMP and is started by MCUboot. The image goes to the slot that does not
/// run, and is started once; it stays only when it is kept. Where it is not, the next reset brings the one before back.
class SmpFlasher final : public Flasher {
 public:
  Result<void> Check(const Image& image, const BoardType& board) const override;
  Result<FlashReport> Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) override;
  Result<void> Keep(SerialPort& port, const BoardType& board, const Image& image) override;
};

}  // namespace motley::agent
