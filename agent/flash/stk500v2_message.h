#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace motley::agent {

/// A command of STK500v2, or the answer to one: in an answer, `body` begins with the code of the command and a status.
/// Source: Atmel AVR068, STK500 Communication Protocol (version 2), chapter 4.
struct Stk500v2Message {
  std::uint8_t sequence = 0;
  std::vector<std::uint8_t> body;
  bool operator==(const Stk500v2Message&) const = default;
};

/// What a body can be: a page of 256 bytes and what goes with it.
inline constexpr std::size_t kMaxStk500v2Body = 275;

/// The message as it goes over the line. `body` holds 1 to kMaxStk500v2Body bytes.
std::vector<std::uint8_t> EncodeStk500v2(std::uint8_t sequence, std::span<const std::uint8_t> body);

/// Finds messages in what comes, also behind the words of an application.
class Stk500v2Decoder {
 public:
  enum class Step {
    kMore,   ///< not whole yet
    kWhole,  ///< `message` is one
    kWrong,  ///< what looked like one has a wrong checksum
  };
  Step Take(std::uint8_t byte);
  /// So many bytes at least belong to the next message that will be whole; at most kMaxStk500v2Body + 1.
  std::size_t needs() const;
  /// The last one that was whole.
  const Stk500v2Message& message() const { return message_; }

 private:
  enum class State { kStart, kSequence, kSizeHigh, kSizeLow, kToken, kBody, kChecksum };

  State state_ = State::kStart;
  std::size_t size_ = 0;
  std::uint8_t checksum_ = 0;
  Stk500v2Message message_;
};

}  // namespace motley::agent
