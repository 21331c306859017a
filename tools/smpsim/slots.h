#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/smpsim/flash.h"

namespace motley::smpsim {

/// Where the images lie: the partitions that Zephyr gives the nRF52840 DK, both slots of one size.
constexpr std::uint32_t kFlashBytes = 0x10'0000;
constexpr std::uint32_t kSlotBytes = 0x7'6000;
constexpr std::array<std::uint32_t, 2> kSlotOffsets{0xC000, 0x8'2000};
constexpr std::uint32_t kSlotSectors = kSlotBytes / Flash::kSectorBytes;
/// The last sector is the trailer's, and the one before it is needed by the swap.
constexpr std::uint32_t kMaxImageBytes = kSlotBytes - 2 * Flash::kSectorBytes;

inline std::span<const std::uint8_t> SlotOf(const Flash& flash, int slot) {
  return flash.bytes().subspan(kSlotOffsets[slot], kSlotBytes);
}

/// What an image in a slot says of itself; nothing is checked but that it is all there.
/// Source: MCUboot, "Bootloader", image format.
struct ImageInfo {
  std::string version;                   ///< "1.2.3", "1.2.3.4" with a build number
  std::span<const std::uint8_t> hash;    ///< SHA-256, from the trailer
  std::span<const std::uint8_t> hashed;  ///< what it is of
  std::uint32_t bytes;                   ///< with header and trailer
  std::span<const std::uint8_t> program;
};
std::optional<ImageInfo> FindImage(std::span<const std::uint8_t> slot);
/// Whether the hash is right.
bool IsIntact(const ImageInfo& image);

/// The trailer at the end of a slot, by which MCUboot knows what to do.
/// Source: MCUboot, "Bootloader", image trailer; write size 4, BOOT_MAX_ALIGN 8, BOOT_MAX_IMG_SECTORS 128.
struct Trailer {
  static constexpr std::uint32_t kMagic = kSlotBytes - 16;
  static constexpr std::uint32_t kImageOk = kMagic - 8;
  static constexpr std::uint32_t kCopyDone = kImageOk - 8;
  static constexpr std::uint32_t kSwapInfo = kCopyDone - 8;
  static constexpr std::uint32_t kSwapSize = kSwapInfo - 8;
  static constexpr std::uint32_t kMaxSectors = 128;
  static constexpr std::uint32_t kStatus = kSwapSize - 3 * 4 * kMaxSectors;
  static constexpr std::uint8_t kSet = 0x01;
  static constexpr std::array<std::uint8_t, 16> kMagicBytes{0x77, 0xC2, 0x95, 0xF3, 0x60, 0xD2, 0xEF, 0x7F,
                                                            0x35, 0x52, 0x50, 0x0F, 0x2C, 0xB6, 0x79, 0x80};

  enum class Magic { kGood, kUnset, kBad } magic;
  bool image_ok;
  bool copy_done;
  std::uint32_t swap_size;
};
Trailer ReadTrailer(std::span<const std::uint8_t> slot);

/// What the next start does, by the state tables in MCUboot's document.
enum class SwapType { kNone, kTest, kPermanent, kRevert };
SwapType NextSwap(const Flash& flash);

}  // namespace motley::smpsim
