#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/smpsim/cbor.h"

namespace motley::smpsim {

/// A message of the Simple Management Protocol. Source: Zephyr Project, "SMP Protocol Specification".
struct SmpPacket {
  std::uint8_t op = 0;  ///< 0 read, 1 its answer, 2 write, 3 its answer
  std::uint8_t version = 0;
  std::uint16_t group = 0;
  std::uint8_t sequence = 0;
  std::uint8_t command = 0;
  Bytes body;
};

/// Nothing: the header and the size do not fit each other.
std::optional<SmpPacket> ParsePacket(std::span<const std::uint8_t> bytes);

/// In lines of at most 127 bytes. Source: Zephyr Project, "SMP Transport Specification", UART.
std::string FrameOf(const SmpPacket& packet);

/// Puts packets together from lines.
class FrameReader {
 public:
  /// The packet that `line`, without its end, completes. `buffer_bytes` is what there is for a packet with its length
  /// and its checksum; a longer one is dropped.
  std::optional<SmpPacket> Add(std::string_view line, std::size_t buffer_bytes);
  /// Lines that began as a packet's, and were of no use.
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::optional<SmpPacket> Drop();

  Bytes packet_;  // with its length in front
  bool open_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace motley::smpsim
