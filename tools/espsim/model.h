#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "tools/boards/rom.h"

namespace motley::espsim {

using boards::Micros;

/// The registers of a flash controller, behind its first one, and where its words are.
struct FlashControllerShape {
  std::uint32_t user;
  std::uint32_t user1;
  std::uint32_t user2;
  /// 0: lengths are in user1.
  std::uint32_t read_length;
  std::uint32_t data;
  /// An address of 24 bits is in the low or in the high ones.
  bool address_is_low = false;
};

struct WatchdogRegisters {
  std::uint32_t config = 0;
  std::uint32_t timeout = 0;
  std::uint32_t protection = 0;
};

/// A type of chip, with the flash chip beside it.
struct Model {
  std::string name;
  /// What the register says by which chips are told apart.
  std::uint32_t magic;
  /// In the header of an image, and in the reply to GET_SECURITY_INFO.
  std::uint16_t chip_id;
  /// The data of that reply; 0: the ROM does not have the command.
  std::size_t security_info_bytes;
  /// At the end of a reply.
  std::size_t status_bytes;
  /// The least and the most that FLASH_BEGIN and FLASH_DEFL_BEGIN take.
  std::size_t least_begin_words;
  std::size_t most_begin_words;
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
  /// Registers of the flash controller.
  std::uint32_t flash_controller;
  FlashControllerShape flash_controller_shape;
  /// The first of the fuses, and the first word of the MAC address behind it.
  std::uint32_t fuses;
  std::uint32_t mac_offset;
  /// The UART's divider.
  std::uint32_t uart_divider;
  std::uint32_t uart_clock;
  /// Of the watchdog of the real-time clock; all 0: it is not modelled.
  WatchdogRegisters watchdog;
  /// Bit 0 has the chip start into its loader at each reset. 0: not modelled.
  std::uint32_t force_download = 0;
  /// The port is the chip's own USB Serial/JTAG, and no bridge to its UART: it has no baud rate, and looks at the lines
  /// by itself.
  bool has_usb = false;
};

/// All have 4 MiB of flash, as the modules that most boards carry.
constexpr std::uint32_t kFlashBytes = 4 << 20;

/// "esp32", "esp32c3-usb", ... Errors: kInvalid (names the known ones).
Result<Model> FindModel(const std::string& name);

}  // namespace motley::espsim
