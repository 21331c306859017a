#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace motley::espsim {

/// The framing of a chip's ROM. Source: RFC 1055.
class SlipFramer {
 public:
  /// A packet that came, when `byte` ends one.
  std::optional<std::vector<std::uint8_t>> Push(std::uint8_t byte);
  static std::vector<std::uint8_t> Frame(std::span<const std::uint8_t> packet);

 private:
  std::optional<std::vector<std::uint8_t>> packet_;  // nothing: between packets
  bool escaped_ = false;
};

}  // namespace motley::espsim
