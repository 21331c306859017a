#pragma once

#include <cstdint>
#include <map>

#include "tools/espsim/model.h"
#include "tools/espsim/nor_flash.h"

namespace motley::espsim {

/// What a chip shows at addresses: its fuses, its UART, and the flash controller, which runs commands that a client
/// puts together. All else is memory without a purpose, zero at first.
/// Source: Espressif, ESP32 and ESP8266 Technical Reference Manuals, chapters "SPI", "UART", "eFuse".
class Registers {
 public:
  /// Both outlive it.
  Registers(const Model& model, NorFlash& flash);

  std::uint32_t Read(std::uint32_t address, std::uint32_t baud) const;
  /// `mask` has the bits that change.
  void Write(std::uint32_t address, std::uint32_t value, std::uint32_t mask);
  /// As after reset. What is burnt stays.
  void Reset() { values_.clear(); }

  void SetMagic(std::uint32_t magic) { magic_ = magic; }
  void SetEncrypted(bool encrypted) { encrypted_ = encrypted; }

 private:
  std::uint32_t Value(std::uint32_t address) const;
  void RunFlashCommand();

  const Model& model_;
  NorFlash& flash_;
  std::uint32_t magic_;
  bool encrypted_ = false;
  std::map<std::uint32_t, std::uint32_t> values_;
};

}  // namespace motley::espsim
