#include "agent/flash/srecord.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "agent/flash/hex_digits.h"

namespace motley::agent {
namespace {

/// By the record's type: how many bytes its address has. S4 is reserved.
constexpr std::size_t kAddressBytes[] = {2, 2, 3, 4, 0, 2, 3, 4, 3, 2};

class SRecordReader {
 public:
  Result<Image> Read(std::string_view content) {
    while (!content.empty()) {
      const std::string_view line = TakeLine(&content);
      ++line_;
      if (line.empty()) continue;
      if (ended_) return Broken("there is more after the record that ends the file");
      TRY(Record(line));
    }
    if (!ended_) return Broken("the record that ends the file (S7, S8 or S9) is missing: the file was cut off");
    if (image_.empty()) {
      return Error{Code::kInvalid, "the S-record file holds no data; does the build leave the program out?"};
    }
    return image_.Build();
  }

 private:
  Error Broken(std::string_view what) const {
    return Error{Code::kCorrupt, fmt::format("S-record file, line {}: {}; build or copy the file again", line_, what)};
  }

  Result<void> Record(std::string_view line) {
    if (line.size() < 2 || line[0] != 'S' || line[1] < '0' || line[1] > '9') {
      return Broken("a record begins with 'S' and a digit");
    }
    const int type = line[1] - '0';
    const std::size_t address_bytes = kAddressBytes[type];
    if (address_bytes == 0) return Broken("a record of type S4 has no meaning");
    line.remove_prefix(2);
    if (line.size() % 2 != 0 || line.empty()) return Broken("the record is cut off");
    auto bytes = DecodeHex(line);
    if (!bytes) return Broken(bytes.error().message);
    if ((*bytes)[0] != bytes->size() - 1) {
      return Broken(fmt::format("the record says that {} bytes follow, and {} do", (*bytes)[0], bytes->size() - 1));
    }
    // Its size, its address, its checksum.
    if (bytes->size() < address_bytes + 2) return Broken(fmt::format("the record is too short for an S{}", type));
    // The checksum is the one's complement of the sum of what is before it.
    if ((std::accumulate(bytes->begin(), bytes->end(), 0u) & 0xFF) != 0xFF) {
      return Broken("the checksum is wrong: the file is damaged");
    }
    std::uint32_t address = 0;
    for (std::size_t i = 1; i <= address_bytes; ++i) address = address << 8 | (*bytes)[i];
    return Take(type, address, std::span(*bytes).subspan(1 + address_bytes, bytes->size() - address_bytes - 2));
  }

  Result<void> Take(int type, std::uint32_t address, std::span<const std::uint8_t> data) {
    if (type == 0) return {};  // a name, for people
    if (type <= 3) return Data(type, address, data);
    if (!data.empty()) return Broken(fmt::format("a record of type S{} has no data", type));
    if (type <= 6) {
      if (address == records_) return {};
      return Broken(
          fmt::format("the file says that it has {} data records before this one, and has {}", address, records_));
    }
    // S7 ends S3, S8 ends S2, S9 ends S1. Where to begin is the chip's business.
    if (data_type_ != 0 && type != 10 - data_type_) {
      return Broken(fmt::format("S{} ends a file of S{} records, and the file has S{}", type, 10 - type, data_type_));
    }
    ended_ = true;
    return {};
  }

  Result<void> Data(int type, std::uint32_t address, std::span<const std::uint8_t> data) {
    ++records_;
    // Tools write the shortest type that an address fits into: the last one is the widest.
    data_type_ = std::max(data_type_, type);
    const std::uint64_t limit = std::uint64_t{1} << (8 * kAddressBytes[type]);
    if (address + data.size() > limit) return Broken("the record runs past the end of its addresses");
    auto added = image_.Add(address, data);
    if (added || added.error().code != Code::kCorrupt) return added;
    return Broken(added.error().message);
  }

  ImageBuilder image_;
  std::uint32_t records_ = 0;
  /// Of the data records: the widest that there was, 1 to 3.
  int data_type_ = 0;
  int line_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<Image> ParseSRecords(std::string_view content) { return SRecordReader().Read(content); }

}  // namespace motley::agent
