#include "agent/flash/intel_hex.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/flash/record_file.h"

namespace motley::agent {
namespace {

enum RecordType : std::uint8_t {
  kData = 0,
  kEndOfFile = 1,
  kExtendedSegment = 2,
  kStartSegment = 3,
  kExtendedLinear = 4,
  kStartLinear = 5,
};

constexpr RecordFormat kFormat{"HEX", "the end record"};

Error Broken(std::string what) { return {Code::kCorrupt, std::move(what)}; }

class HexReader {
 public:
  Result<Followed> Record(std::string_view line, ImageBuilder& image) {
    if (line.front() != ':') return Broken("a record begins with ':'");
    line.remove_prefix(1);
    TRY_ASSIGN(const std::vector<std::uint8_t> bytes, DecodeRecord(line));
    // Its size, two bytes of address, its type, its checksum.
    if (bytes.size() < 5) return Broken("the record is cut off");
    const std::size_t size = bytes[0];
    if (bytes.size() != size + 5) {
      return Broken(fmt::format("the record says {} data bytes and has {}", size, bytes.size() - 5));
    }
    if (SumOf(bytes) != 0) return Broken("the checksum is wrong: the file is damaged");
    const std::uint32_t offset = static_cast<std::uint32_t>(bytes[1] << 8 | bytes[2]);
    return Take(bytes[3], offset, {bytes.data() + 4, size}, image);
  }

 private:
  Result<Followed> Take(std::uint8_t type, std::uint32_t offset, std::span<const std::uint8_t> data,
                        ImageBuilder& image) {
    switch (type) {
      case kData:
        if (offset + data.size() > 0x10000) return Broken("the record runs past the end of its 64 KiB");
        TRY(image.Add(std::uint64_t{base_} + offset, data));
        return Followed::kByMore;
      case kEndOfFile:
        if (!data.empty()) return Broken("an end record has no data");
        return Followed::kByNothing;
      case kExtendedSegment:
      case kExtendedLinear:
        if (data.size() != 2) return Broken("an address record has two data bytes");
        base_ = static_cast<std::uint32_t>(data[0] << 8 | data[1]) << (type == kExtendedSegment ? 4 : 16);
        return Followed::kByMore;
      case kStartSegment:
      case kStartLinear:
        if (data.size() != 4) return Broken("a start record has four data bytes");
        return Followed::kByMore;  // where to begin is the chip's business
      default:
        return Broken(fmt::format("record type {} does not exist", type));
    }
  }

  std::uint32_t base_ = 0;
};

constexpr std::size_t kLineBytes = 16;

void AppendRecord(std::string* text, RecordType type, std::uint32_t offset, std::span<const std::uint8_t> data) {
  std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(data.size()), static_cast<std::uint8_t>(offset >> 8),
                                  static_cast<std::uint8_t>(offset), type};
  bytes.insert(bytes.end(), data.begin(), data.end());
  bytes.push_back(static_cast<std::uint8_t>(-SumOf(bytes)));
  *text += ':';
  for (const std::uint8_t byte : bytes) fmt::format_to(std::back_inserter(*text), "{:02X}", byte);
  *text += '\n';
}

}  // namespace

Result<Image> ParseIntelHex(std::string_view content) {
  HexReader reader;
  return ReadRecords(kFormat, content,
                     [&reader](std::string_view line, ImageBuilder& image) { return reader.Record(line, image); });
}

std::string WriteIntelHex(const Image& image) {
  std::string text;
  std::uint32_t upper = 0;
  for (const Segment& segment : image.segments) {
    for (std::size_t at = 0; at < segment.bytes.size();) {
      const auto address = static_cast<std::uint32_t>(segment.address + at);
      if (address >> 16 != upper) {
        upper = address >> 16;
        const std::uint8_t base[] = {static_cast<std::uint8_t>(upper >> 8), static_cast<std::uint8_t>(upper)};
        AppendRecord(&text, kExtendedLinear, 0, base);
      }
      // No record runs past the end of its 64 KiB.
      const std::size_t size =
          std::min({kLineBytes, segment.bytes.size() - at, std::size_t{0x10000} - (address & 0xFFFF)});
      AppendRecord(&text, kData, address & 0xFFFF, std::span(segment.bytes).subspan(at, size));
      at += size;
    }
  }
  AppendRecord(&text, kEndOfFile, 0, {});
  return text;
}

}  // namespace motley::agent
