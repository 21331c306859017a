#include "agent/unpack/entry_frames.h"

namespace motley::agent {
namespace {

constexpr std::uint32_t kTypes = static_cast<std::uint32_t>(ArchiveEntry::Type::kOther) + 1;
// type, mode, size, time, length of the path
constexpr std::size_t kFixedBytes = 4 + 4 + 8 + 8 + 4;
constexpr unsigned kModeBits = 07777;

template <typename Number>
void Append(std::string& bytes, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xFF);
  }
}

/// Takes a number off the front, which has enough bytes.
template <typename Number>
Number Take(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  bytes.remove_prefix(sizeof(Number));
  return static_cast<Number>(number);
}

}  // namespace

std::array<char, kFrameHeaderBytes> WriteFrameHeader(const FrameHeader& header) {
  std::string bytes;
  Append(bytes, static_cast<std::uint32_t>(header.kind));
  Append(bytes, header.payload_bytes);
  std::array<char, kFrameHeaderBytes> written;
  bytes.copy(written.data(), written.size());
  return written;
}

std::optional<FrameHeader> ReadFrameHeader(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  const auto kind = Take<std::uint32_t>(bytes);
  const auto size = Take<std::uint32_t>(bytes);
  const bool is_known =
      kind >= static_cast<std::uint32_t>(FrameKind::kEntry) && kind <= static_cast<std::uint32_t>(FrameKind::kFailure);
  if (!is_known || size > kMostPayloadBytes) return std::nullopt;
  return FrameHeader{static_cast<FrameKind>(kind), size};
}

std::string WriteEntry(const ArchiveEntry& entry) {
  std::string bytes;
  Append(bytes, static_cast<std::uint32_t>(entry.type));
  Append(bytes, static_cast<std::uint32_t>(entry.mode));
  Append(bytes, entry.size_bytes);
  Append(bytes, entry.modified_ns);
  Append(bytes, static_cast<std::uint32_t>(entry.path.size()));
  return bytes + entry.path + entry.target;
}

std::optional<ArchiveEntry> ReadEntry(std::string_view payload) {
  if (payload.size() < kFixedBytes || payload.size() - kFixedBytes > kMostNameBytes) return std::nullopt;
  ArchiveEntry entry;
  const auto type = Take<std::uint32_t>(payload);
  entry.mode = Take<std::uint32_t>(payload);
  entry.size_bytes = Take<std::uint64_t>(payload);
  entry.modified_ns = Take<std::int64_t>(payload);
  const auto path_bytes = Take<std::uint32_t>(payload);
  const bool is_good = type < kTypes && entry.mode <= kModeBits && entry.modified_ns >= 0 &&
                       path_bytes <= payload.size() && payload.find('\0') == std::string_view::npos;
  if (!is_good) return std::nullopt;
  entry.type = static_cast<ArchiveEntry::Type>(type);
  entry.path = payload.substr(0, path_bytes);
  entry.target = payload.substr(path_bytes);
  return entry;
}

}  // namespace motley::agent
