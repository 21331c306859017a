#include "agent/flash/srecord.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/flash/record_file.h"

namespace motley::agent {
namespace {

/// By the record's type: how many bytes its address has. S4 is reserved.
constexpr std::size_t kAddressBytes[] = {2, 2, 3, 4, 0, 2, 3, 4, 3, 2};

constexpr RecordFormat kFormat{"S-record", "the record that ends the file (S7, S8 or S9)"};

Error Broken(std::string what) { return {Code::kCorrupt, std::move(what)}; }

class SRecordReader {
 public:
  Result<Followed> Record(std::string_view line, ImageBuilder& image) {
    if (line.size() < 2 || line[0] != 'S' || line[1] < '0' || line[1] > '9') {
      return Broken("a record begins with 'S' and a digit");
    }
    const int type = line[1] - '0';
    const std::size_t address_bytes = kAddressBytes[type];
    if (address_bytes == 0) return Broken("a record of type S4 has no meaning");
    line.remove_prefix(2);
    TRY_ASSIGN(const std::vector<std::uint8_t> bytes, DecodeRecord(line));
    if (bytes[0] != bytes.size() - 1) {
      return Broken(fmt::format("the record says that {} bytes follow, and {} do", bytes[0], bytes.size() - 1));
    }
    // Its size, its address, its checksum.
    if (bytes.size() < address_bytes + 2) return Broken(fmt::format("the record is too short for an S{}", type));
    // The checksum is the one's complement of the sum of what is before it.
    if (SumOf(bytes) != 0xFF) return Broken("the checksum is wrong: the file is damaged");
    std::uint32_t address = 0;
    for (std::size_t i = 1; i <= address_bytes; ++i) address = address << 8 | bytes[i];
    const auto data = std::span(bytes).subspan(1 + address_bytes, bytes.size() - address_bytes - 2);
    if (type == 0) return Followed::kByMore;  // a name, for people
    if (type <= 3) return Data(type, address, data, image);
    if (!data.empty()) return Broken(fmt::format("a record of type S{} has no data", type));
    return type <= 6 ? Count(address) : End(type);
  }

 private:
  Result<Followed> Data(int type, std::uint32_t address, std::span<const std::uint8_t> data, ImageBuilder& image) {
    ++records_;
    // Tools write the shortest type that an address fits into: the last one is the widest.
    data_type_ = std::max(data_type_, type);
    const std::uint64_t limit = std::uint64_t{1} << (8 * kAddressBytes[type]);
    if (address + data.size() > limit) return Broken("the record runs past the end of its addresses");
    TRY(image.Add(address, data));
    return Followed::kByMore;
  }

  Result<Followed> Count(std::uint32_t records) const {
    if (records == records_) return Followed::kByMore;
    return Broken(
        fmt::format("the file says that it has {} data records before this one, and has {}", records, records_));
  }

  // S7 ends S3, S8 ends S2, S9 ends S1. Where to begin is the chip's business.
  Result<Followed> End(int type) const {
    if (data_type_ == 0 || type == 10 - data_type_) return Followed::kByNothing;
    return Broken(fmt::format("S{} ends a file of S{} records, and the file has S{}", type, 10 - type, data_type_));
  }

  std::uint32_t records_ = 0;
  /// Of the data records: the widest that there was, 1 to 3.
  int data_type_ = 0;
};

}  // namespace

Result<Image> ParseSRecords(std::string_view content) {
  SRecordReader reader;
  return ReadRecords(kFormat, content,
                     [&reader](std::string_view line, ImageBuilder& image) { return reader.Record(line, image); });
}

}  // namespace motley::agent
