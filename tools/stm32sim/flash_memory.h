#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "tools/stm32sim/model.h"

namespace motley::stm32sim {

/// The flash of a chip: erased sectors are all ones, programming makes zeros of them, and both take time. Work is done
/// in the order in which it was begun. One thread; as a Rom, it has no clock of its own.
class FlashMemory {
 public:
  explicit FlashMemory(const Model& model);

  std::span<std::uint8_t> bytes() { return bytes_; }

  void BeginErase(std::size_t sector, Micros now);
  /// `bytes` fit at `offset`.
  void BeginProgram(std::uint32_t offset, std::span<const std::uint8_t> bytes, Micros now);
  bool IsBusy() const { return !work_.empty(); }
  /// When the next piece of work is done.
  std::optional<Micros> NextEvent() const;
  void Advance(Micros now);
  /// The supply or the reset line goes: what is under way is left half done, what waits is not done.
  void Abort();

  /// The byte at this offset stays erased whatever is written to it.
  void SetBroken(std::optional<std::uint32_t> offset) { broken_ = offset; }
  std::uint64_t erased_sectors() const { return erased_sectors_; }
  std::uint64_t programmed_bytes() const { return programmed_bytes_; }

 private:
  struct Work {
    Micros due;
    std::uint32_t offset;
    std::uint32_t erase_bytes;  // 0: programs
    std::vector<std::uint8_t> program;
  };

  void Begin(Work work, Micros time, Micros now);
  void Program(std::uint32_t offset, std::span<const std::uint8_t> bytes);

  const Model& model_;
  std::vector<std::uint8_t> bytes_;
  std::deque<Work> work_;
  std::optional<std::uint32_t> broken_;
  std::uint64_t erased_sectors_ = 0;
  std::uint64_t programmed_bytes_ = 0;
};

}  // namespace motley::stm32sim
