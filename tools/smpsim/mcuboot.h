#pragma once

#include <cstdint>

#include "tools/smpsim/flash.h"
#include "tools/smpsim/slots.h"

namespace motley::smpsim {

/// MCUboot, which swaps the images of both slots by moving: one sector after another, with a record in flash behind
/// each, so that a start in the middle goes on where the one before was cut off. All that it knows is in flash.
/// Sources: MCUboot, "Bootloader" (image trailers, swap status) and its algorithm "swap using move".
class Mcuboot {
 public:
  explicit Mcuboot(Flash& flash) : flash_(flash) {}

  /// After a reset.
  void Start() { swapped_ = false; }

  enum class Outcome {
    kWorks,  ///< flash is busy, or was: call again when it is not
    kBoots,  ///< the image in the first slot
    kHangs,  ///< there is none that is intact
  };
  /// The next thing to do, while flash is not busy.
  Outcome Next(Micros now);

  /// No image that is not yet in the first slot is taken for one that was signed with the right key.
  void SetRejects(bool rejects) { rejects_ = rejects; }
  /// Sectors that a swap has gone through, since the supply came.
  std::uint64_t swapped_sectors() const { return swapped_sectors_; }
  std::uint64_t rejected_images() const { return rejected_images_; }

 private:
  Outcome GoOn(Micros now);
  Outcome Begin(SwapType type, Micros now);
  void RejectSecond(Micros now);
  Outcome Boot() const;
  void EraseTrailer(int slot, Micros now);
  void WriteFlag(int slot, std::uint32_t offset, Micros now);
  void WriteMagic(int slot, Micros now);
  void WriteSize(int slot, std::uint32_t size, Micros now);
  void Copy(int from_slot, std::uint32_t from, int to_slot, std::uint32_t to, std::uint32_t record, Micros now);
  std::uint32_t Records() const;

  Flash& flash_;
  bool rejects_ = false;
  bool swapped_ = false;  // since the start: what is on trial is not yet to go back
  std::uint64_t swapped_sectors_ = 0;
  std::uint64_t rejected_images_ = 0;
};

}  // namespace motley::smpsim
