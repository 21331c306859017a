#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "tools/boards/rom.h"

namespace motley::smpsim {

using boards::Micros;

/// The flash of an nRF52840: sectors of 4 KiB that are erased to ones, words that are programmed to zeros, and the time
/// that both take. Work is done in the order in which it was begun. One thread; as a Rom, it has no clock of its own.
/// Source: Nordic nRF52840 product specification, NVMC (t_ERASEPAGE 85 ms, t_WRITE 41 us, at most).
class Flash {
 public:
  static constexpr std::uint32_t kSectorBytes = 4096;

  explicit Flash(std::uint32_t bytes) : bytes_(bytes, 0xFF) {}

  std::span<std::uint8_t> bytes() { return bytes_; }
  std::span<const std::uint8_t> bytes() const { return bytes_; }

  /// `offset` is a sector's.
  void BeginErase(std::uint32_t offset, Micros now);
  void BeginProgram(std::uint32_t offset, std::vector<std::uint8_t> bytes, Micros now);
  bool IsBusy() const { return !work_.empty(); }
  /// When the next piece of work is done.
  std::optional<Micros> NextEvent() const;
  void Advance(Micros now);
  /// The supply or the reset line goes: what is under way is left half done, what waits is not done.
  void Abort();

  /// Whether work takes time; if not, it is done when it is begun.
  void SetTimed(bool timed) { timed_ = timed; }
  /// The byte at this offset stays erased whatever is written to it.
  void SetBroken(std::optional<std::uint32_t> offset) { broken_ = offset; }
  std::uint64_t erased_sectors() const { return erased_sectors_; }
  std::uint64_t programmed_bytes() const { return programmed_bytes_; }

 private:
  struct Work {
    Micros due;
    std::uint32_t offset;
    std::vector<std::uint8_t> program;  // empty: erases
  };

  void Begin(Work work, Micros time, Micros now);
  void Do(const Work& work, std::size_t bytes);

  std::vector<std::uint8_t> bytes_;
  std::deque<Work> work_;
  bool timed_ = true;
  std::optional<std::uint32_t> broken_;
  std::uint64_t erased_sectors_ = 0;
  std::uint64_t programmed_bytes_ = 0;
};

}  // namespace motley::smpsim
