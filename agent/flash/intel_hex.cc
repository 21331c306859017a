#include <fmt/format.h>

#include "agent/flash/image.h"

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

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

class HexReader {
 public:
  Result<Image> Read(std::string_view content) {
    while (!content.empty()) {
      const auto end = content.find('\n');
      std::string_view line = content.substr(0, end);
      content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
      ++line_;
      if (line.ends_with('\r')) line.remove_suffix(1);
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
    std::vector<std::uint8_t> bytes;
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < line.size(); i += 2) {
      const int high = HexDigit(line[i]);
      const int low = HexDigit(line[i + 1]);
      if (high < 0 || low < 0) return Broken(fmt::format("\"{}\" are not hexadecimal digits", line.substr(i, 2)));
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
      sum = static_cast<std::uint8_t>(sum + bytes.back());
    }
    const std::size_t size = bytes[0];
    if (bytes.size() != size + 5) {
      return Broken(fmt::format("the record says {} data bytes and has {}", size, bytes.size() - 5));
    }
    if (sum != 0) return Broken("the checksum is wrong: the file is damaged");
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

}  // namespace

Result<Image> ParseIntelHex(std::string_view content) { return HexReader().Read(content); }

}  // namespace motley::agent
