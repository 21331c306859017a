#pragma once

#include <array>
#include <cstdint>

#include "agent/flash/espressif_link.h"
#include "common/base/result.h"

namespace motley::agent {

/// Reads the flash of an ESP8266 by the registers of its flash controller, 64 bytes in some 20 messages: the ROM has no
/// command for it. Made after kFlashBegin, which attaches the flash; puts the registers back before kFlashBegin needs
/// them. Port's worker only.
/// Source: Espressif, ESP8266 Technical Reference, chapter "SPI" (user-defined commands).
class Esp8266FlashReader {
 public:
  static constexpr std::uint32_t kBytes = 64;

  /// `link` outlives it. Errors: as EspressifLink::Do.
  static Result<Esp8266FlashReader> Attach(EspressifLink& link);

  Result<std::array<std::uint8_t, kBytes>> Read(std::uint32_t address);
  /// Call once, at the end.
  Result<void> Detach();

 private:
  Esp8266FlashReader(EspressifLink& link, std::array<std::uint32_t, 3> saved) : link_(&link), saved_(saved) {}

  EspressifLink* link_;
  std::array<std::uint32_t, 3> saved_;
};

}  // namespace motley::agent
