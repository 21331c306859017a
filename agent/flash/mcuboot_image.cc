#include "agent/flash/mcuboot_image.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

constexpr std::uint32_t kMagic = 0x96f3b83d;
constexpr std::size_t kHeaderBytes = 32;
constexpr std::uint16_t kTrailerMagic = 0x6907;
constexpr std::uint16_t kProtectedMagic = 0x6908;
constexpr std::size_t kTlvHeaderBytes = 4;
constexpr std::uint16_t kTlvSha256 = 0x10;

using Bytes = std::span<const std::uint8_t>;

std::uint16_t Read16(Bytes bytes, std::size_t at) { return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8); }
std::uint32_t Read32(Bytes bytes, std::size_t at) {
  return std::uint32_t{Read16(bytes, at)} | std::uint32_t{Read16(bytes, at + 2)} << 16;
}

Error CutOff() {
  return {Code::kCorrupt, "the MCUboot image is cut off, or its sizes are wrong: build or copy the file again"};
}

std::string VersionIn(Bytes header) {
  const std::string version = fmt::format("{}.{}.{}", header[20], header[21], Read16(header, 22));
  const std::uint32_t build = Read32(header, 24);
  return build == 0 ? version : fmt::format("{}.{}", version, build);
}

/// The value of the first entry of `type` in the trailer at `at`.
Result<Bytes> FindTlv(Bytes bytes, std::size_t at, std::uint16_t magic, std::uint16_t type) {
  if (at + kTlvHeaderBytes > bytes.size() || Read16(bytes, at) != magic) return CutOff();
  const std::size_t end = at + Read16(bytes, at + 2);
  if (end > bytes.size()) return CutOff();
  for (at += kTlvHeaderBytes; at + kTlvHeaderBytes <= end;) {
    const std::size_t size = Read16(bytes, at + 2);
    if (at + kTlvHeaderBytes + size > end) return CutOff();
    if (Read16(bytes, at) == type) return bytes.subspan(at + kTlvHeaderBytes, size);
    at += kTlvHeaderBytes + size;
  }
  return Error{Code::kInvalid, "the MCUboot image has no SHA-256 in its trailer: sign it with imgtool"};
}

std::string Hex(Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

Result<McubootImage> ParseMcubootImage(const Image& image) {
  if (image.segments.size() != 1) {
    return Error{Code::kInvalid,
                 fmt::format("an MCUboot image is one piece, and this one has {}; take the signed binary "
                             "or HEX file that imgtool makes",
                             image.segments.size())};
  }
  const Bytes bytes = image.segments.front().bytes;
  if (bytes.size() < kHeaderBytes || Read32(bytes, 0) != kMagic) {
    return Error{Code::kInvalid, "this is no MCUboot image (it does not begin with 3d b8 f3 96): sign it with imgtool"};
  }
  const std::size_t header_bytes = Read16(bytes, 8);
  const std::size_t protected_bytes = Read16(bytes, 10);
  const std::uint64_t hashed = std::uint64_t{header_bytes} + Read32(bytes, 12) + protected_bytes;
  if (header_bytes < kHeaderBytes || hashed > bytes.size()) return CutOff();
  TRY_ASSIGN(const Bytes hash, FindTlv(bytes, hashed, kTrailerMagic, kTlvSha256));
  if (protected_bytes > 0 &&
      (protected_bytes < kTlvHeaderBytes || Read16(bytes, hashed - protected_bytes) != kProtectedMagic)) {
    return CutOff();
  }
  const std::string found = "sha256:" + Hex(hash);
  const std::string right = Sha256({reinterpret_cast<const char*>(bytes.data()), hashed});
  if (found != right) {
    return Error{Code::kCorrupt,
                 fmt::format("the MCUboot image says that it is {} and it is {}: build or copy the file "
                             "again",
                             found, right)};
  }
  McubootImage parsed{.bytes = {bytes.begin(), bytes.end()}, .hash = {}, .version = VersionIn(bytes)};
  std::copy(hash.begin(), hash.end(), parsed.hash.begin());
  return parsed;
}

}  // namespace motley::agent
