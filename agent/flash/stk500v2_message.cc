#include "agent/flash/stk500v2_message.h"

#include "common/base/result.h"

namespace motley::agent {
namespace {

constexpr std::uint8_t kMessageStart = 0x1B;
constexpr std::uint8_t kToken = 0x0E;
/// Five bytes before, and the checksum.
constexpr std::size_t kAroundBody = 6;

}  // namespace

std::vector<std::uint8_t> EncodeStk500v2(std::uint8_t sequence, std::span<const std::uint8_t> body) {
  CHECK(!body.empty() && body.size() <= kMaxStk500v2Body);
  std::vector<std::uint8_t> message;
  message.reserve(body.size() + kAroundBody);
  for (const std::size_t field :
       {std::size_t{kMessageStart}, std::size_t{sequence}, body.size() >> 8, body.size() & 0xFF, std::size_t{kToken}}) {
    message.push_back(static_cast<std::uint8_t>(field));
  }
  message.insert(message.end(), body.begin(), body.end());
  std::uint8_t checksum = 0;
  for (const std::uint8_t byte : message) checksum ^= byte;
  message.push_back(checksum);
  return message;
}

Stk500v2Decoder::Step Stk500v2Decoder::Take(std::uint8_t byte) {
  checksum_ ^= byte;
  switch (state_) {
    case State::kStart:
      checksum_ = byte;
      if (byte == kMessageStart) state_ = State::kSequence;
      break;
    case State::kSequence:
      message_.sequence = byte;
      state_ = State::kSizeHigh;
      break;
    case State::kSizeHigh:
      size_ = std::size_t{byte} << 8;
      state_ = State::kSizeLow;
      break;
    case State::kSizeLow:
      size_ |= byte;
      state_ = State::kToken;
      break;
    case State::kToken:
      message_.body.clear();
      // Without a token, or with more than there can be, that was no start.
      state_ = byte == kToken && size_ > 0 && size_ <= kMaxStk500v2Body ? State::kBody : State::kStart;
      break;
    case State::kBody:
      message_.body.push_back(byte);
      if (message_.body.size() == size_) state_ = State::kChecksum;
      break;
    case State::kChecksum:
      state_ = State::kStart;
      return checksum_ == 0 ? Step::kWhole : Step::kWrong;
  }
  return Step::kMore;
}

std::size_t Stk500v2Decoder::needs() const {
  if (state_ == State::kBody) return size_ - message_.body.size() + 1;
  if (state_ == State::kChecksum) return 1;
  // The rest of what comes before the body, one byte of it, and the checksum.
  return kAroundBody - static_cast<std::size_t>(state_) + 1;
}

}  // namespace motley::agent
