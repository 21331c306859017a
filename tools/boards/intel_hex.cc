#include "tools/boards/intel_hex.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace motley::boards {
namespace {

enum RecordType : std::uint8_t { kData = 0, kEndOfFile = 1, kSegment = 2, kStartSegment = 3, kLinear = 4 };

/// The bytes of one record, from its length to its checksum; nothing when the line is not a valid record.
std::optional<std::vector<std::uint8_t>> ParseRecord(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (line.size() < 11 || line.size() % 2 == 0 || line[0] != ':') return std::nullopt;
  std::vector<std::uint8_t> bytes((line.size() - 1) / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* first = line.data() + 1 + 2 * i;
    auto [end, error] = std::from_chars(first, first + 2, bytes[i], 16);
    if (error != std::errc() || end != first + 2) return std::nullopt;
  }
  if (bytes.size() != bytes[0] + 5u) return std::nullopt;
  if ((std::accumulate(bytes.begin(), bytes.end(), 0u) & 0xff) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

Result<std::uint32_t> LoadIntelHex(const std::filesystem::path& path, std::span<std::uint8_t> memory) {
  std::ifstream file(path);
  if (!file) return Error{Code::kNotFound, fmt::format("image \"{}\": can not be read; does it exist?", path.string())};
  std::uint32_t base = 0;
  std::uint32_t lowest = std::numeric_limits<std::uint32_t>::max();
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line == "\r") continue;
    auto record = ParseRecord(line);
    if (!record) {
      return Error{Code::kCorrupt, fmt::format("image \"{}\": line {} is no valid Intel HEX record; build it again",
                                               path.string(), number)};
    }
    const std::uint32_t word = (*record)[1] << 8 | (*record)[2];
    const std::span<const std::uint8_t> data(record->data() + 4, (*record)[0]);
    switch ((*record)[3]) {
      case kData: {
        const std::uint32_t address = base + word;
        if (std::size_t{address} + data.size() > memory.size()) {
          return Error{Code::kInvalid,
                       fmt::format("image \"{}\": line {} writes to {:#x}, past the end of the flash at "
                                   "{:#x}; link a smaller image",
                                   path.string(), number, address + data.size() - 1, memory.size())};
        }
        std::ranges::copy(data, memory.begin() + address);
        if (!data.empty()) lowest = std::min(lowest, address);
        break;
      }
      case kSegment:
      case kLinear:
        if (data.size() != 2) {
          return Error{Code::kCorrupt,
                       fmt::format("image \"{}\": line {} has an address record of {} bytes instead of 2",
                                   path.string(), number, data.size())};
        }
        base = static_cast<std::uint32_t>(data[0] << 8 | data[1]) << ((*record)[3] == kSegment ? 4 : 16);
        break;
      default:
        break;  // end of file and start addresses say nothing about the contents
    }
  }
  if (lowest == std::numeric_limits<std::uint32_t>::max()) {
    return Error{Code::kInvalid, fmt::format("image \"{}\": holds no data; is it an Intel HEX file?", path.string())};
  }
  return lowest;
}

}  // namespace motley::boards
