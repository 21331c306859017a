#include "tools/espsim/firmware_image.h"

#include <algorithm>

#include "common/base/result.h"

namespace motley::espsim {
namespace {

constexpr std::uint8_t kMagic = 0xE9;
constexpr std::uint8_t kMaxSegments = 16;
constexpr std::uint8_t kChecksumStart = 0xEF;
constexpr std::size_t kSegmentHeader = 8;
/// The checksum is the last byte of a piece of so many.
constexpr std::size_t kAlignment = 16;
constexpr std::uint32_t kLoadAddress = 0x40080000;
constexpr std::size_t kNoWriteProtectPin = 8;
constexpr std::size_t kChipId = 12;

void PutWord(std::span<std::uint8_t> place, std::uint32_t word) {
  for (int i = 0; i < 4; ++i) place[i] = static_cast<std::uint8_t>(word >> 8 * i);
}

std::uint32_t Word(std::span<const std::uint8_t> place) {
  return place[0] | place[1] << 8 | place[2] << 16 | std::uint32_t{place[3]} << 24;
}

std::uint8_t Checksum(std::uint8_t start, std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) start ^= byte;
  return start;
}

}  // namespace

std::vector<std::uint8_t> MakeFirmwareImage(const Model& model, boards::TextImage image) {
  const std::size_t size = image.size_bytes;
  const std::size_t start = model.header_bytes + kSegmentHeader;
  CHECK(size % kAlignment == 0 && size > start + kAlignment);
  std::vector<std::uint8_t> bytes(size);
  bytes[0] = kMagic;
  bytes[1] = 1;  // segment
  bytes[3] = 0x20;
  PutWord(std::span(bytes).subspan(4), kLoadAddress);
  if (model.header_bytes > kChipId) {
    bytes[kNoWriteProtectPin] = 0xEE;
    bytes[kChipId] = static_cast<std::uint8_t>(model.chip_id);
  }

  image.size_bytes = size - start - kAlignment;
  const auto segment = boards::MakeTextImage(image);
  PutWord(std::span(bytes).subspan(model.header_bytes), kLoadAddress);
  PutWord(std::span(bytes).subspan(model.header_bytes + 4), static_cast<std::uint32_t>(segment.size()));
  std::copy(segment.begin(), segment.end(), bytes.begin() + static_cast<std::ptrdiff_t>(start));
  bytes.back() = Checksum(kChecksumStart, segment);
  return bytes;
}

std::span<const std::uint8_t> SegmentsOf(const Model& model, std::span<const std::uint8_t> flash) {
  if (flash[0] != kMagic || flash[1] == 0 || flash[1] > kMaxSegments) return {};
  std::uint8_t checksum = kChecksumStart;
  std::size_t at = model.header_bytes;
  for (int segment = 0; segment < flash[1]; ++segment) {
    if (at + kSegmentHeader > flash.size()) return {};
    const std::size_t size = Word(flash.subspan(at + 4));
    at += kSegmentHeader;
    if (size > flash.size() - at) return {};
    checksum = Checksum(checksum, flash.subspan(at, size));
    at += size;
  }
  if (model.header_bytes > kChipId && flash[kChipId] != model.chip_id) return {};
  const std::size_t checksum_at = at / kAlignment * kAlignment + kAlignment - 1;
  if (checksum_at >= flash.size() || flash[checksum_at] != checksum) return {};
  return flash.subspan(model.header_bytes, at - model.header_bytes);
}

}  // namespace motley::espsim
