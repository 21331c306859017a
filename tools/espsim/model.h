#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "tools/boards/rom.h"

namespace motley::espsim {

using boards::Micros;

/// A type of chip, with the flash chip beside it.
struct Model {
  std::string name;
  /// What the register says by which chips are told apart.
  std::uint32_t magic;
  /// At the end of a reply.
  std::size_t status_bytes;
  /// SPI_ATTACH, SPI_SET_PARAMS, CHANGE_BAUDRATE, FLASH_DEFL_*, SPI_FLASH_MD5.
  bool has_later_commands;
  /// FLASH_BEGIN erases once more what it was told of the first block of 64 KiB, further on.
  bool erases_twice;
  /// Where the application begins in flash, and the size of its header.
  std::uint32_t application_address;
  std::uint32_t header_bytes;
  /// What it says when it starts.
  std::uint32_t boot_baud;
  std::string boot_into_loader;
  std::string boot_into_application;
  std::string boot_into_nothing;
  /// Registers: the flash controller, its first data word behind that, the fuses, the UART's divider.
  std::uint32_t flash_controller;
  std::uint32_t flash_data_offset;
  bool lengths_in_user1;
  std::uint32_t fuses;
  std::uint32_t uart_divider;
  std::uint32_t uart_clock;
};

/// Both have 4 MiB of flash, as the modules that most boards carry.
constexpr std::uint32_t kFlashBytes = 4 << 20;

/// "esp32" or "esp8266". Errors: kInvalid (names the known ones).
Result<Model> FindModel(const std::string& name);

}  // namespace motley::espsim
