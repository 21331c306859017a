#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace motley::agent {

/// A message of the Simple Management Protocol: what a client asks or a server answers.
/// Source: Zephyr Project, "SMP Protocol Specification".
struct SmpMessage {
  enum class Op : std::uint8_t { kRead = 0, kReadAnswer = 1, kWrite = 2, kWriteAnswer = 3 };
  Op op = Op::kRead;
  std::uint16_t group = 0;
  std::uint8_t sequence = 0;
  std::uint8_t command = 0;
  /// A CBOR map.
  std::vector<std::uint8_t> body;
};

constexpr std::size_t kSmpHeaderBytes = 8;

/// The lines that carry `message` over a serial console, each with its end. Source: Zephyr Project, "SMP Protocol
/// Specification", and the console transport of MCUmgr: CRC-16/XMODEM, base64 in lines of at most 127 bytes.
std::vector<std::uint8_t> EncodeSmp(const SmpMessage& message);

/// Puts messages together from what comes over a serial console. What is no part of one, as the lines of an
/// application, is skipped.
class SmpDecoder {
 public:
  /// More is no message of a device that has said what its buffers hold.
  static constexpr std::size_t kMaxBytes = 8 * 1024;

  /// The messages that `bytes` complete.
  std::vector<SmpMessage> Add(std::span<const std::uint8_t> bytes);

 private:
  /// The message that a line without its end completes.
  std::optional<SmpMessage> Line(std::span<const std::uint8_t> line);

  std::vector<std::uint8_t> line_;
  std::vector<std::uint8_t> packet_;
  bool in_packet_ = false;
};

}  // namespace motley::agent
