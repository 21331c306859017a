#include "agent/flash/smp_message.h"

#include <algorithm>
#include <array>

#include "common/crypto/base64.h"

namespace motley::agent {
namespace {

constexpr std::array<std::uint8_t, 2> kFirst{0x06, 0x09};
constexpr std::array<std::uint8_t, 2> kNext{0x04, 0x14};
/// Of base64 in one line: 127 bytes less the mark and the end.
constexpr std::size_t kLineBytes = 124;
constexpr std::uint8_t kVersion2 = 1 << 3;
constexpr std::uint8_t kOpMask = 0x07;
constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kCrcBytes = 2;

/// CRC-16/XMODEM.
std::uint16_t Crc(std::span<const std::uint8_t> bytes) {
  std::uint16_t crc = 0;
  for (const std::uint8_t byte : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ byte << 8);
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
    }
  }
  return crc;
}

void Append16(std::vector<std::uint8_t>& bytes, std::size_t number) {
  bytes.push_back(static_cast<std::uint8_t>(number >> 8));
  bytes.push_back(static_cast<std::uint8_t>(number));
}

std::uint16_t Read16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::optional<SmpMessage> ParsePacket(std::span<const std::uint8_t> packet) {
  if (packet.size() < kSmpHeaderBytes) return std::nullopt;
  SmpMessage message;
  message.op = static_cast<SmpMessage::Op>(packet[0] & kOpMask);
  message.group = Read16(packet, 4);
  message.sequence = packet[6];
  message.command = packet[7];
  if (packet.size() != kSmpHeaderBytes + Read16(packet, 2)) return std::nullopt;
  message.body.assign(packet.begin() + kSmpHeaderBytes, packet.end());
  return message;
}

}  // namespace

std::vector<std::uint8_t> EncodeSmp(const SmpMessage& message) {
  std::vector<std::uint8_t> packet{static_cast<std::uint8_t>(static_cast<std::uint8_t>(message.op) | kVersion2), 0};
  Append16(packet, message.body.size());
  Append16(packet, message.group);
  packet.push_back(message.sequence);
  packet.push_back(message.command);
  packet.insert(packet.end(), message.body.begin(), message.body.end());
  const std::uint16_t crc = Crc(packet);
  std::vector<std::uint8_t> framed;
  Append16(framed, packet.size() + kCrcBytes);
  framed.insert(framed.end(), packet.begin(), packet.end());
  Append16(framed, crc);

  const std::string text = EncodeBase64({reinterpret_cast<const char*>(framed.data()), framed.size()});
  std::vector<std::uint8_t> lines;
  for (std::size_t at = 0; at < text.size(); at += kLineBytes) {
    const auto& mark = at == 0 ? kFirst : kNext;
    lines.insert(lines.end(), mark.begin(), mark.end());
    const std::string piece = text.substr(at, kLineBytes);
    lines.insert(lines.end(), piece.begin(), piece.end());
    lines.push_back('\n');
  }
  return lines;
}

std::vector<SmpMessage> SmpDecoder::Add(std::span<const std::uint8_t> bytes) {
  std::vector<SmpMessage> messages;
  for (const std::uint8_t byte : bytes) {
    if (byte != '\n' && byte != '\r') {
      // What is longer is an application's; its end is still looked for.
      if (line_.size() < 2 * kLineBytes) line_.push_back(byte);
      continue;
    }
    if (auto message = Line(line_)) messages.push_back(*std::move(message));
    line_.clear();
  }
  return messages;
}

std::optional<SmpMessage> SmpDecoder::Line(std::span<const std::uint8_t> line) {
  // The application may have been in the middle of a line of its own.
  const auto first = std::search(line.begin(), line.end(), kFirst.begin(), kFirst.end());
  const auto next = std::search(line.begin(), line.end(), kNext.begin(), kNext.end());
  const bool begins = first != line.end();
  if (!begins && (!in_packet_ || next == line.end())) return std::nullopt;
  const auto from = (begins ? first : next) - line.begin() + 2;
  const auto text = line.subspan(static_cast<std::size_t>(from));
  const auto piece = DecodeBase64({reinterpret_cast<const char*>(text.data()), text.size()});
  if (begins) packet_.clear();
  in_packet_ = piece.has_value() && packet_.size() + piece->size() <= kMaxBytes;
  if (!in_packet_) return std::nullopt;
  packet_.insert(packet_.end(), piece->begin(), piece->end());
  if (packet_.size() < kLengthBytes) return std::nullopt;
  const std::size_t length = Read16(packet_, 0);
  if (packet_.size() < kLengthBytes + length) return std::nullopt;
  in_packet_ = false;
  const auto packet = std::span(packet_).subspan(kLengthBytes);
  if (length < kCrcBytes || packet.size() != length) return std::nullopt;
  const auto body = packet.first(length - kCrcBytes);
  if (Crc(body) != Read16(packet, length - kCrcBytes)) return std::nullopt;
  return ParsePacket(body);
}

}  // namespace motley::agent
