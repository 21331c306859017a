#include "tools/smpsim/smp_frame.h"

#include "common/crypto/base64.h"

namespace motley::smpsim {
namespace {

constexpr std::string_view kPacketMark = "\x06\x09";
constexpr std::string_view kPieceMark = "\x04\x14";
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kLengthBytes = 2;
/// What base64 makes 124 characters of: a line of 127 less the mark and the end.
constexpr std::size_t kBytesInLine = 93;

/// CRC-16/XMODEM: polynomial 0x1021, begins with 0.
std::uint16_t CrcOf(std::string_view bytes) {
  std::uint32_t crc = 0;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<std::uint8_t>(byte)) << 8;
    for (int i = 0; i < 8; ++i) {
      crc <<= 1;
      if (crc & 0x10000) crc ^= 0x11021;
    }
  }
  return static_cast<std::uint16_t>(crc);
}

std::string Big16(std::size_t number) { return {static_cast<char>(number >> 8), static_cast<char>(number)}; }

std::size_t Read16(std::span<const std::uint8_t> bytes, std::size_t at) { return bytes[at] << 8 | bytes[at + 1]; }

}  // namespace

std::optional<SmpPacket> ParsePacket(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kHeaderBytes || bytes.size() != kHeaderBytes + Read16(bytes, 2)) return std::nullopt;
  SmpPacket packet;
  packet.op = bytes[0] & 0x07;
  packet.version = bytes[0] >> 3 & 0x03;
  packet.group = static_cast<std::uint16_t>(Read16(bytes, 4));
  packet.sequence = bytes[6];
  packet.command = bytes[7];
  packet.body.assign(bytes.begin() + kHeaderBytes, bytes.end());
  return packet;
}

std::string FrameOf(const SmpPacket& packet) {
  std::string bytes{static_cast<char>(packet.version << 3 | packet.op), 0};
  bytes += Big16(packet.body.size()) + Big16(packet.group);
  bytes += {static_cast<char>(packet.sequence), static_cast<char>(packet.command)};
  bytes.append(packet.body.begin(), packet.body.end());
  const std::string whole = Big16(bytes.size() + 2) + bytes + Big16(CrcOf(bytes));
  std::string lines;
  for (std::size_t at = 0; at < whole.size(); at += kBytesInLine) {
    lines += at == 0 ? kPacketMark : kPieceMark;
    lines += EncodeBase64(std::string_view(whole).substr(at, kBytesInLine));
    lines += '\n';
  }
  return lines;
}

std::optional<SmpPacket> FrameReader::Drop() {
  ++dropped_;
  open_ = false;
  return std::nullopt;
}

std::optional<SmpPacket> FrameReader::Add(std::string_view line, std::size_t buffer_bytes) {
  const bool begins = line.starts_with(kPacketMark);
  if (!begins && !line.starts_with(kPieceMark)) return std::nullopt;
  if (!begins && !open_) return Drop();
  const auto piece = DecodeBase64(line.substr(kPacketMark.size()));
  if (begins) packet_.clear();
  open_ = true;
  if (!piece || packet_.size() + piece->size() > buffer_bytes) return Drop();
  packet_.insert(packet_.end(), piece->begin(), piece->end());
  if (packet_.size() < kLengthBytes) return Drop();
  const std::size_t size = packet_.size() - kLengthBytes;
  const std::size_t wanted = Read16(packet_, 0);
  if (size < wanted) return std::nullopt;
  const std::string_view content(reinterpret_cast<const char*>(packet_.data()) + kLengthBytes, size);
  // Over the packet and its own checksum it is 0.
  if (size > wanted || size < 2 || CrcOf(content) != 0) return Drop();
  open_ = false;
  auto packet = ParsePacket(std::span(packet_).subspan(kLengthBytes, size - 2));
  return packet ? packet : Drop();
}

}  // namespace motley::smpsim
