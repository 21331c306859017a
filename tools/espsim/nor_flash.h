#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "tools/espsim/model.h"

namespace motley::espsim {

/// A serial flash of 4 MiB: erased sectors are all ones, programming makes zeros of them, and both take time. Work is
/// done in the order in which it was begun. One thread; as a Rom, it has no clock of its own.
/// Times: Winbond W25Q32JV datasheet, typical ones.
class NorFlash {
 public:
  static constexpr std::uint32_t kSector = 4096;
  static constexpr std::uint32_t kBlock = 64 * 1024;
  static constexpr std::uint32_t kPage = 256;

  NorFlash();

  std::span<std::uint8_t> bytes() { return bytes_; }

  /// All sectors that [address, address + size) touches, which is in the flash; whole blocks at once.
  void BeginErase(std::uint32_t address, std::uint32_t size, Micros now);
  /// `bytes` fit at `address`.
  void BeginProgram(std::uint32_t address, std::span<const std::uint8_t> bytes, Micros now);
  /// Does nothing for as long as it takes.
  void BeginWait(Micros time, Micros now);

  bool IsBusy() const { return !work_.empty(); }
  /// When the next piece of work is done.
  std::optional<Micros> NextEvent() const;
  void Advance(Micros now);
  /// The supply or the reset line goes: what is under way is left half done, what waits is not done.
  void Abort();

  /// The byte at this address stays erased whatever is written to it.
  void SetBroken(std::optional<std::uint32_t> address) { broken_ = address; }
  /// Whether erasing and programming take time.
  void SetTimed(bool timed) { timed_ = timed; }
  std::uint64_t erased_bytes() const { return erased_bytes_; }
  std::uint64_t programmed_bytes() const { return programmed_bytes_; }

 private:
  struct Work {
    Micros due;
    std::uint32_t address;
    std::uint32_t erase_bytes;
    std::vector<std::uint8_t> program;
  };

  void Begin(Work work, Micros time, Micros now);
  void Do(std::uint32_t address, std::uint32_t erase_bytes, std::span<const std::uint8_t> program);

  std::vector<std::uint8_t> bytes_;
  std::deque<Work> work_;
  std::optional<std::uint32_t> broken_;
  bool timed_ = true;
  std::uint64_t erased_bytes_ = 0;
  std::uint64_t programmed_bytes_ = 0;
};

}  // namespace motley::espsim
