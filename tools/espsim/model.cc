#include "tools/espsim/model.h"

#include <fmt/format.h>

namespace motley::espsim {
namespace {

Model Esp32() {
  return {.name = "esp32",
          .magic = 0x00F01D83,
          .status_bytes = 4,
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
          .flash_data_offset = 0x80,
          .lengths_in_user1 = false,
          .fuses = 0x3FF5A000,
          .uart_divider = 0x3FF40014,
          .uart_clock = 40'000'000};
}

Model Esp8266() {
  return {.name = "esp8266",
          .magic = 0xFFF0C101,
          .status_bytes = 2,
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
          .flash_data_offset = 0x40,
          .lengths_in_user1 = true,
          .fuses = 0x3FF00050,
          .uart_divider = 0x60000014,
          .uart_clock = 52'000'000};
}

}  // namespace

Result<Model> FindModel(const std::string& name) {
  for (Model model : {Esp32(), Esp8266()}) {
    if (model.name == name) return model;
  }
  return Error{Code::kInvalid, fmt::format("model \"{}\": unknown; there are esp32, esp8266", name)};
}

}  // namespace motley::espsim
