#include "tools/espsim/model.h"

#include <fmt/format.h>

namespace motley::espsim {
namespace {

Model Esp32() {
  return {.name = "esp32",
          .magic = 0x00F01D83,
          .chip_id = 0,
          .security_info_bytes = 0,
          .status_bytes = 4,
          .least_begin_words = 4,
          .most_begin_words = 5,
          .has_later_commands = true,
          .erases_twice = false,
          .application_address = 0x10000,
          .header_bytes = 24,
          .boot_baud = 115200,
          .boot_into_loader =
              "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3 "
              "(DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n",
          .boot_into_application =
              "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 "
              "(SPI_FAST_FLASH_BOOT)\r\nload:0x3fff0030,len:1184\r\nentry 0x400805f0\r\n",
          .boot_into_nothing =
              "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x10 (RTCWDT_RTC_RESET),boot:0x13 "
              "(SPI_FAST_FLASH_BOOT)\r\ninvalid header: 0xffffffff\r\n",
          .flash_controller = 0x3FF42000,
          .flash_controller_shape = {0x1C, 0x20, 0x24, 0x2C, 0x80},
          .fuses = 0x3FF5A000,
          .mac_offset = 4,
          .uart_divider = 0x3FF40014,
          .uart_clock = 40'000'000,
          .watchdog = {}};
}

Model Esp8266() {
  return {.name = "esp8266",
          .magic = 0xFFF0C101,
          .chip_id = 0,
          .security_info_bytes = 0,
          .status_bytes = 2,
          .least_begin_words = 4,
          .most_begin_words = 5,
          .has_later_commands = false,
          .erases_twice = true,
          .application_address = 0,
          .header_bytes = 8,
          .boot_baud = 74880,
          .boot_into_loader = "\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,7)\r\n\r\n",
          .boot_into_application =
              "\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n\r\nload 0x40100000, len 1396, "
              "room 16\r\ntail 4\r\nchksum 0x89\r\ncsum 0x89\r\n",
          .boot_into_nothing = "\r\n ets Jan  8 2013,rst cause:4, boot mode:(3,6)\r\n\r\nwdt reset\r\n",
          .flash_controller = 0x60000200,
          .flash_controller_shape = {0x1C, 0x20, 0x24, 0, 0x40},
          .fuses = 0x3FF00050,
          .mac_offset = 4,
          .uart_divider = 0x60000014,
          .uart_clock = 52'000'000,
          .watchdog = {}};
}

/// What the successors of the ESP32 have in common.
Model Later() {
  Model model = Esp32();
  model.security_info_bytes = 20;
  model.least_begin_words = model.most_begin_words = 5;
  model.flash_controller = 0x60002000;
  model.flash_controller_shape = {0x18, 0x1C, 0x20, 0x28, 0x58, true};
  model.mac_offset = 0x44;
  model.uart_divider = 0x60000014;
  model.boot_into_loader =
      "ESP-ROM:20210207\r\nrst:0x1 (POWERON),boot:0x5 (DOWNLOAD(USB/UART0))\r\nwaiting for download\r\n";
  model.boot_into_application =
      "ESP-ROM:20210207\r\nrst:0x1 (POWERON),boot:0xd (SPI_FAST_FLASH_BOOT)\r\nload:0x3fcd5820,len:0x1708\r\n"
      "entry 0x403cc710\r\n";
  model.boot_into_nothing =
      "ESP-ROM:20210207\r\nrst:0x7 (TG0WDT_SYS_RST),boot:0xd (SPI_FAST_FLASH_BOOT)\r\n"
      "invalid header: 0xffffffff\r\n";
  return model;
}

Model Esp32S2() {
  Model model = Later();
  model.name = "esp32s2";
  model.magic = 0x000007C6;
  model.chip_id = 2;
  // It does not say which chip it is.
  model.security_info_bytes = 12;
  model.flash_controller = 0x3F402000;
  model.fuses = 0x3F41A000;
  model.uart_divider = 0x3F400014;
  model.watchdog = {0x3F408094, 0x3F408098, 0x3F4080AC};
  model.force_download = 0x3F408128;
  return model;
}

Model Esp32S3() {
  Model model = Later();
  model.name = "esp32s3";
  model.magic = 0x00000009;
  model.chip_id = 9;
  model.fuses = 0x60007000;
  model.watchdog = {0x60008098, 0x6000809C, 0x600080B0};
  model.force_download = 0x6000812C;
  return model;
}

Model Esp32C3() {
  Model model = Later();
  model.name = "esp32c3";
  model.magic = 0x1B31506F;
  model.chip_id = 5;
  model.fuses = 0x60008800;
  model.watchdog = {0x60008090, 0x60008094, 0x600080A8};
  return model;
}

Model Esp32C6() {
  Model model = Later();
  model.name = "esp32c6";
  model.magic = 0x2CE0806F;
  model.chip_id = 13;
  // esptool-js leaves one out.
  model.least_begin_words = 4;
  model.flash_controller = 0x60003000;
  model.fuses = 0x600B0800;
  model.watchdog = {0x600B1C00, 0x600B1C04, 0x600B1C18};
  return model;
}

Model OverUsb(Model model) {
  model.name += "-usb";
  model.has_usb = true;
  return model;
}

}  // namespace

Result<Model> FindModel(const std::string& name) {
  std::string names;
  for (Model model : {Esp32(), Esp8266(), Esp32S2(), Esp32S3(), Esp32C3(), Esp32C6(), OverUsb(Esp32S3()),
                      OverUsb(Esp32C3()), OverUsb(Esp32C6())}) {
    if (model.name == name) return model;
    names += (names.empty() ? "" : ", ") + model.name;
  }
  return Error{Code::kInvalid, fmt::format("model \"{}\": unknown; there are {}", name, names)};
}

}  // namespace motley::espsim
