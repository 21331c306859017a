#include "tools/smpsim/slots.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/crypto/digest.h"

namespace motley::smpsim {
namespace {

constexpr std::uint32_t kImageMagic = 0x96F3B83D;
constexpr std::size_t kHeaderBytes = 32;
constexpr std::uint32_t kEntriesMagic = 0x6907;
constexpr std::size_t kEntryHeadBytes = 4;
constexpr std::uint32_t kSha256Entry = 0x10;
constexpr std::size_t kHashBytes = 32;

std::uint32_t Little(std::span<const std::uint8_t> bytes, std::size_t at, int size) {
  std::uint32_t number = 0;
  for (int i = 0; i < size; ++i) number |= std::uint32_t{bytes[at + i]} << (8 * i);
  return number;
}

}  // namespace

std::optional<ImageInfo> FindImage(std::span<const std::uint8_t> slot) {
  if (Little(slot, 0, 4) != kImageMagic) return std::nullopt;
  const std::uint64_t header = Little(slot, 8, 2);
  const std::uint64_t hashed = header + Little(slot, 12, 4) + Little(slot, 10, 2);
  if (header < kHeaderBytes || hashed + kEntryHeadBytes > slot.size()) return std::nullopt;
  if (Little(slot, hashed, 2) != kEntriesMagic) return std::nullopt;
  const std::uint64_t end = hashed + Little(slot, hashed + 2, 2);
  if (end > slot.size()) return std::nullopt;

  ImageInfo info{};
  info.version = fmt::format("{}.{}.{}", slot[20], slot[21], Little(slot, 22, 2));
  if (const std::uint32_t build = Little(slot, 24, 4); build != 0) info.version += fmt::format(".{}", build);
  info.hashed = slot.first(hashed);
  info.program = slot.subspan(header, Little(slot, 12, 4));
  info.bytes = static_cast<std::uint32_t>(end);
  for (std::uint64_t at = hashed + kEntryHeadBytes; at + kEntryHeadBytes <= end;) {
    const std::uint32_t size = Little(slot, at + 2, 2);
    if (at + kEntryHeadBytes + size > end) return std::nullopt;
    if (Little(slot, at, 2) == kSha256Entry && size == kHashBytes) info.hash = slot.subspan(at + kEntryHeadBytes, size);
    at += kEntryHeadBytes + size;
  }
  if (info.hash.empty()) return std::nullopt;
  return info;
}

bool IsIntact(const ImageInfo& image) {
  const auto hash = Sha256Bytes({reinterpret_cast<const char*>(image.hashed.data()), image.hashed.size()});
  return std::equal(hash.begin(), hash.end(), image.hash.begin(), image.hash.end());
}

Trailer ReadTrailer(std::span<const std::uint8_t> slot) {
  const auto magic = slot.subspan(Trailer::kMagic, Trailer::kMagicBytes.size());
  Trailer trailer{};
  trailer.magic = Trailer::Magic::kBad;
  if (std::equal(magic.begin(), magic.end(), Trailer::kMagicBytes.begin())) trailer.magic = Trailer::Magic::kGood;
  if (std::all_of(magic.begin(), magic.end(), [](std::uint8_t byte) { return byte == 0xFF; })) {
    trailer.magic = Trailer::Magic::kUnset;
  }
  trailer.image_ok = slot[Trailer::kImageOk] == Trailer::kSet;
  trailer.copy_done = slot[Trailer::kCopyDone] == Trailer::kSet;
  trailer.swap_size = Little(slot, Trailer::kSwapSize, 4);
  return trailer;
}

SwapType NextSwap(const Flash& flash) {
  const Trailer first = ReadTrailer(SlotOf(flash, 0));
  const Trailer second = ReadTrailer(SlotOf(flash, 1));
  if (second.magic == Trailer::Magic::kGood) return second.image_ok ? SwapType::kPermanent : SwapType::kTest;
  if (first.magic == Trailer::Magic::kGood && second.magic == Trailer::Magic::kUnset && !first.image_ok &&
      first.copy_done) {
    return SwapType::kRevert;
  }
  return SwapType::kNone;
}

}  // namespace motley::smpsim
