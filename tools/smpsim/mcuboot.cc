#include "tools/smpsim/mcuboot.h"

#include <algorithm>
#include <vector>

namespace motley::smpsim {
namespace {

constexpr std::uint32_t kSector = Flash::kSectorBytes;
constexpr std::uint32_t kTrailerSector = kSlotBytes - kSector;
/// Each takes what can be written at once.
constexpr std::uint32_t kRecordBytes = 4;
constexpr std::uint32_t kSwapRecords = 2;

bool IsBlank(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0xFF; });
}

std::uint32_t SectorsOf(std::uint32_t bytes) { return (bytes + kSector - 1) / kSector; }

}  // namespace

Mcuboot::Outcome Mcuboot::Next(Micros now) {
  if (swapped_) return Boot();
  const Trailer first = ReadTrailer(SlotOf(flash_, 0));
  const Trailer second = ReadTrailer(SlotOf(flash_, 1));
  if (first.magic == Trailer::Magic::kGood && !first.copy_done && second.magic != Trailer::Magic::kGood &&
      first.swap_size <= kMaxImageBytes) {
    return GoOn(now);
  }
  const SwapType type = NextSwap(flash_);
  return type == SwapType::kNone ? Boot() : Begin(type, now);
}

/// One step of a swap that has begun: of n sectors, the last n-1, ..., 0 of the first slot move up by one; then each
/// sector comes from the second slot, and what was moved takes its place there.
Mcuboot::Outcome Mcuboot::GoOn(Micros now) {
  const std::uint32_t sectors = SectorsOf(ReadTrailer(SlotOf(flash_, 0)).swap_size);
  const std::uint32_t records = Records();
  if (records == 0 && !IsBlank(SlotOf(flash_, 1).subspan(kTrailerSector))) {
    EraseTrailer(1, now);
  } else if (records < sectors) {
    const std::uint32_t sector = sectors - records;
    Copy(0, sector - 1, 0, sector, records, now);
  } else if (const std::uint32_t swaps = records <= Trailer::kMaxSectors ? 0 : records - Trailer::kMaxSectors;
             swaps < kSwapRecords * sectors) {
    const std::uint32_t sector = swaps / kSwapRecords;
    const std::uint32_t record = Trailer::kMaxSectors + swaps;
    if (swaps % kSwapRecords == 0) {
      Copy(1, sector, 0, sector, record, now);
    } else {
      Copy(0, sector + 1, 1, sector, record, now);
      ++swapped_sectors_;
    }
  } else {
    WriteFlag(0, Trailer::kCopyDone, now);
    swapped_ = true;
  }
  return Outcome::kWorks;
}

Mcuboot::Outcome Mcuboot::Begin(SwapType type, Micros now) {
  const auto first = FindImage(SlotOf(flash_, 0));
  const auto second = FindImage(SlotOf(flash_, 1));
  if (!second || !IsIntact(*second) || second->bytes > kMaxImageBytes || (rejects_ && type != SwapType::kRevert)) {
    RejectSecond(now);
    return Outcome::kWorks;
  }
  const std::uint32_t size = std::max(first ? first->bytes : 0, second->bytes);
  if (type == SwapType::kRevert) {
    // A cut while the first trailer is made anew must not look as if there were nothing to do: it becomes a swap for
    // good of what is in the second slot.
    EraseTrailer(1, now);
    WriteFlag(1, Trailer::kImageOk, now);
    WriteSize(1, size, now);
    WriteMagic(1, now);
    return Outcome::kWorks;
  }
  EraseTrailer(0, now);
  WriteSize(0, size, now);
  const auto info = static_cast<std::uint8_t>(type == SwapType::kTest ? 2 : 3);  // BOOT_SWAP_TYPE_TEST, _PERM
  flash_.BeginProgram(kSlotOffsets[0] + Trailer::kSwapInfo, {info}, now);
  if (type == SwapType::kPermanent) WriteFlag(0, Trailer::kImageOk, now);
  WriteMagic(0, now);
  EraseTrailer(1, now);
  return Outcome::kWorks;
}

void Mcuboot::RejectSecond(Micros now) {
  ++rejected_images_;
  for (std::uint32_t sector = kSlotSectors; sector > 0; --sector) {
    flash_.BeginErase(kSlotOffsets[1] + (sector - 1) * kSector, now);
  }
  if (ReadTrailer(SlotOf(flash_, 0)).magic == Trailer::Magic::kGood) WriteFlag(0, Trailer::kImageOk, now);
}

Mcuboot::Outcome Mcuboot::Boot() const {
  const auto image = FindImage(SlotOf(flash_, 0));
  return image && IsIntact(*image) ? Outcome::kBoots : Outcome::kHangs;
}

void Mcuboot::EraseTrailer(int slot, Micros now) { flash_.BeginErase(kSlotOffsets[slot] + kTrailerSector, now); }

void Mcuboot::WriteFlag(int slot, std::uint32_t offset, Micros now) {
  flash_.BeginProgram(kSlotOffsets[slot] + offset, {Trailer::kSet}, now);
}

void Mcuboot::WriteMagic(int slot, Micros now) {
  flash_.BeginProgram(kSlotOffsets[slot] + Trailer::kMagic, {Trailer::kMagicBytes.begin(), Trailer::kMagicBytes.end()},
                      now);
}

void Mcuboot::WriteSize(int slot, std::uint32_t size, Micros now) {
  std::vector<std::uint8_t> bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(size >> shift));
  flash_.BeginProgram(kSlotOffsets[slot] + Trailer::kSwapSize, std::move(bytes), now);
}

/// A sector, and then the record that it is there.
void Mcuboot::Copy(int from_slot, std::uint32_t from, int to_slot, std::uint32_t to, std::uint32_t record, Micros now) {
  const auto content = SlotOf(flash_, from_slot).subspan(from * kSector, kSector);
  std::vector<std::uint8_t> bytes(content.begin(), content.end());
  const std::uint32_t target = kSlotOffsets[to_slot] + to * kSector;
  flash_.BeginErase(target, now);
  flash_.BeginProgram(target, std::move(bytes), now);
  flash_.BeginProgram(kSlotOffsets[0] + Trailer::kStatus + record * kRecordBytes, {Trailer::kSet}, now);
}

/// How far the swap is: the place behind the last record.
std::uint32_t Mcuboot::Records() const {
  const auto status = SlotOf(flash_, 0).subspan(Trailer::kStatus);
  for (std::uint32_t record = 3 * Trailer::kMaxSectors; record > 0; --record) {
    if (status[(record - 1) * kRecordBytes] != 0xFF) return record;
  }
  return 0;
}

}  // namespace motley::smpsim
