#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace motley::agent {

/// `packet` as a frame: between two END bytes, with END and ESC inside replaced.
/// Source: RFC 1055, in the form of two ENDs.
std::vector<std::uint8_t> EncodeSlip(std::span<const std::uint8_t> packet);

/// Finds packets in a stream of bytes that may hold other things too, such as a boot log or the rest of a frame.
class SlipDecoder {
 public:
  /// A packet, when `byte` ends one. Frames that are broken, empty or longer than kMaxPacket are dropped.
  std::optional<std::vector<std::uint8_t>> Push(std::uint8_t byte);

  static constexpr std::size_t kMaxPacket = 4096;

 private:
  /// Everything before the first END is no packet, and neither is the rest of a broken one.
  bool in_frame_ = false;
  bool escaped_ = false;
  std::vector<std::uint8_t> packet_;
};

}  // namespace motley::agent
