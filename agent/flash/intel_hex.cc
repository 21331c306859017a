#include "agent/flash/intel_hex.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "agent/flash/hex_digits.h"

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

class HexReader {
 public:
  Result<Image> Read(std::string_view content) {
    while (!content.empty()) {
      const std::string_view line = TakeLine(&content);
      ++line_;
      if (line.empty()) continue;
      if (ended_) return Broken("there is more after the end record");
      TRY(Record(line));
    }
    if (!ended_) return Broken("the end record is missing: the file was cut off");
    if (image_.empty()) {
      return Error{Code::kInvalid, "the HEX file holds no data; does the build leave the program out?"};
    }
    return image_.Build();
  }

 private:
  Error Broken(std::string_view what) const {
    return Error{Code::kCorrupt, fmt::format("HEX file, line {}: {}; build or copy the file again", line_, what)};
  }

  Result<void> Record(std::string_view line) {
    if (line.front() != ':') return Broken("a record begins with ':'");
    line.remove_prefix(1);
    if (line.size() % 2 != 0 || line.size() < 10) return Broken("the record is cut off");
    auto decoded = DecodeHex(line);
    if (!decoded) return Broken(decoded.error().message);
    const std::vector<std::uint8_t>& bytes = *decoded;
    const std::size_t size = bytes[0];
    if (bytes.size() != size + 5) {
      return Broken(fmt::format("the record says {} data bytes and has {}", size, bytes.size() - 5));
    }
    if ((std::accumulate(bytes.begin(), bytes.end(), 0u) & 0xFF) != 0)
      return Broken("the checksum is wrong: the file is damaged");
    const std::uint32_t offset = static_cast<std::uint32_t>(bytes[1] << 8 | bytes[2]);
    return Take(bytes[3], offset, {bytes.data() + 4, size});
  }

  Result<void> Take(std::uint8_t type, std::uint32_t offset, std::span<const std::uint8_t> data) {
    switch (type) {
      case kData:
        return Data(offset, data);
      case kEndOfFile:
        if (!data.empty()) return Broken("an end record has no data");
        ended_ = true;
        return {};
      case kExtendedSegment:
      case kExtendedLinear:
        if (data.size() != 2) return Broken("an address record has two data bytes");
        base_ = static_cast<std::uint32_t>(data[0] << 8 | data[1]) << (type == kExtendedSegment ? 4 : 16);
        return {};
      case kStartSegment:
      case kStartLinear:
        if (data.size() != 4) return Broken("a start record has four data bytes");
        return {};  // where to begin is the chip's business
      default:
        return Broken(fmt::format("record type {} does not exist", type));
    }
  }

  Result<void> Data(std::uint32_t offset, std::span<const std::uint8_t> data) {
    if (offset + data.size() > 0x10000) return Broken("the record runs past the end of its 64 KiB");
    auto added = image_.Add(std::uint64_t{base_} + offset, data);
    if (added || added.error().code != Code::kCorrupt) return added;
    return Broken(added.error().message);
  }

  ImageBuilder image_;
  std::uint32_t base_ = 0;
  int line_ = 0;
  bool ended_ = false;
};

constexpr std::size_t kLineBytes = 16;

void AppendRecord(std::string* text, RecordType type, std::uint32_t offset, std::span<const std::uint8_t> data) {
  std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(data.size()), static_cast<std::uint8_t>(offset >> 8),
                                  static_cast<std::uint8_t>(offset), type};
  bytes.insert(bytes.end(), data.begin(), data.end());
  bytes.push_back(static_cast<std::uint8_t>(-std::accumulate(bytes.begin(), bytes.end(), 0)));
  *text += ':';
  for (const std::uint8_t byte : bytes) fmt::format_to(std::back_inserter(*text), "{:02X}", byte);
  *text += '\n';
}

}  // namespace

Result<Image> ParseIntelHex(std::string_view content) { return HexReader().Read(content); }

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
