#include "agent/flash/slip.h"

#include <utility>

namespace motley::agent {
namespace {

constexpr std::uint8_t kEnd = 0xC0;
constexpr std::uint8_t kEscape = 0xDB;
constexpr std::uint8_t kEscapedEnd = 0xDC;
constexpr std::uint8_t kEscapedEscape = 0xDD;

}  // namespace

std::vector<std::uint8_t> EncodeSlip(std::span<const std::uint8_t> packet) {
  std::vector<std::uint8_t> frame;
  frame.reserve(packet.size() + packet.size() / 16 + 2);
  frame.push_back(kEnd);
  for (const std::uint8_t byte : packet) {
    if (byte == kEnd || byte == kEscape) {
      frame.insert(frame.end(), {kEscape, byte == kEnd ? kEscapedEnd : kEscapedEscape});
    } else {
      frame.push_back(byte);
    }
  }
  frame.push_back(kEnd);
  return frame;
}

std::optional<std::vector<std::uint8_t>> SlipDecoder::Push(std::uint8_t byte) {
  if (byte == kEnd) {
    const bool whole = in_frame_ && !escaped_ && !packet_.empty();
    in_frame_ = true;  // where one ends the next may begin, so that one that is lost does not cost two packets
    escaped_ = false;
    auto packet = std::exchange(packet_, {});
    if (whole) return packet;
    return std::nullopt;
  }
  if (!in_frame_) return std::nullopt;
  if (escaped_) {
    escaped_ = false;
    if (byte != kEscapedEnd && byte != kEscapedEscape) {
      in_frame_ = false;
    } else {
      packet_.push_back(byte == kEscapedEnd ? kEnd : kEscape);
    }
  } else if (byte == kEscape) {
    escaped_ = true;
  } else {
    packet_.push_back(byte);
  }
  if (packet_.size() > kMaxPacket) in_frame_ = false;
  if (!in_frame_) packet_.clear();
  return std::nullopt;
}

}  // namespace motley::agent
