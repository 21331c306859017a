#include "tools/espsim/slip_framer.h"

#include <utility>

namespace motley::espsim {
namespace {

constexpr std::uint8_t kEnd = 0xC0;
constexpr std::uint8_t kEscape = 0xDB;
constexpr std::uint8_t kEscapedEnd = 0xDC;
constexpr std::uint8_t kEscapedEscape = 0xDD;
/// The ROM's buffer: a block of 0x1800 bytes and what comes with it.
constexpr std::size_t kMaxPacket = 0x1800 + 64;

}  // namespace

std::optional<std::vector<std::uint8_t>> SlipFramer::Push(std::uint8_t byte) {
  if (byte == kEnd) {
    escaped_ = false;
    if (packet_ && !packet_->empty()) return std::exchange(packet_, std::nullopt);
    packet_.emplace();
    return std::nullopt;
  }
  if (!packet_) return std::nullopt;
  if (escaped_) {
    escaped_ = false;
    if (byte == kEscapedEnd) {
      packet_->push_back(kEnd);
    } else if (byte == kEscapedEscape) {
      packet_->push_back(kEscape);
    } else {
      packet_.reset();
    }
  } else if (byte == kEscape) {
    escaped_ = true;
  } else {
    packet_->push_back(byte);
  }
  if (packet_ && packet_->size() > kMaxPacket) packet_.reset();
  return std::nullopt;
}

std::vector<std::uint8_t> SlipFramer::Frame(std::span<const std::uint8_t> packet) {
  std::vector<std::uint8_t> frame{kEnd};
  for (const std::uint8_t byte : packet) {
    if (byte == kEnd) {
      frame.insert(frame.end(), {kEscape, kEscapedEnd});
    } else if (byte == kEscape) {
      frame.insert(frame.end(), {kEscape, kEscapedEscape});
    } else {
      frame.push_back(byte);
    }
  }
  frame.push_back(kEnd);
  return frame;
}

}  // namespace motley::espsim
