#include "tools/boards/boards_options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>

namespace motley::boards {
namespace {

constexpr char kUsage[] =
    "usage: with-boards [--dir DIR] --board TYPE:SERIAL[:FLASHFILE] [--board ...] -- COMMAND [ARGUMENT ...]\n"
    "Runs COMMAND with virtual boards on /dev/ttyACM0, /dev/ttyUSB0, ..., which only it and its children see.\n"
    "TYPE is one of: {}. DIR keeps logs, flash files and the socket that board-ctl uses. Needs root. For example:\n"
    "  with-boards --board uno:A1 -- avrdude -p m328p -c arduino -P /dev/ttyACM0 -b 115200 -D -U flash:w:blink.hex";

// One line a type. The simulator's target says add_dependencies(with-boards <it>).
// clang-format off
constexpr BoardType kBoardTypes[] = {
    {"uno", "2341", "0043", "Arduino (www.arduino.cc)", "Arduino Uno", "ttyACM", "motley-avrsim", "atmega328p", "optiboot-115200.hex"},
    {"nano", "0403", "6001", "FTDI", "FT232R USB UART", "ttyUSB", "motley-avrsim", "atmega328p", "atmegaboot-57600.hex"},
    {"mega", "2341", "0042", "Arduino (www.arduino.cc)", "Arduino Mega 2560", "ttyACM", "motley-avrsim", "atmega2560", "stk500boot-115200.hex"},
    {"esp32", "10c4", "ea60", "Silicon Labs", "CP2102 USB to UART Bridge Controller", "ttyUSB", "motley-espsim", "esp32", ""},
    {"esp8266", "1a86", "7523", "QinHeng Electronics", "USB2.0-Serial", "ttyUSB", "motley-espsim", "esp8266", ""},
    {"esp32-s2-saola", "10c4", "ea60", "Silicon Labs", "CP2102N USB to UART Bridge Controller", "ttyUSB", "motley-espsim", "esp32s2", ""},
    {"esp32-s3-devkitc", "1a86", "55d3", "QinHeng Electronics", "USB Single Serial", "ttyACM", "motley-espsim", "esp32s3", ""},
    {"esp32-c3-devkitm", "10c4", "ea60", "Silicon Labs", "CP2102N USB to UART Bridge Controller", "ttyUSB", "motley-espsim", "esp32c3", ""},
    {"esp32-c6-devkitc", "10c4", "ea60", "Silicon Labs", "CP2102N USB to UART Bridge Controller", "ttyUSB", "motley-espsim", "esp32c6", ""},
    {"xiao-esp32c3", "303a", "1001", "Espressif", "USB JTAG/serial debug unit", "ttyACM", "motley-espsim", "esp32c3-usb", ""},
    {"xiao-esp32s3", "303a", "1001", "Espressif", "USB JTAG/serial debug unit", "ttyACM", "motley-espsim", "esp32s3-usb", ""},
    {"xiao-esp32c6", "303a", "1001", "Espressif", "USB JTAG/serial debug unit", "ttyACM", "motley-espsim", "esp32c6-usb", ""},
    {"bluepill", "0403", "6015", "FTDI", "FT231X USB UART", "ttyUSB", "motley-stm32sim", "stm32f103", ""},
    {"nucleo-f401", "0403", "6014", "FTDI", "FT232H USB UART", "ttyUSB", "motley-stm32sim", "stm32f401", ""},
    {"nrf52-mcuboot", "1366", "1015", "SEGGER", "J-Link", "ttyACM", "motley-smpsim", "nrf52840", ""},
};
// clang-format on

std::string TypeNames() {
  std::string names;
  for (const BoardType& type : kBoardTypes) names += (names.empty() ? "" : ", ") + std::string(type.name);
  return names;
}

Error Usage() { return Error{Code::kInvalid, fmt::format(kUsage, TypeNames())}; }

Result<BoardOptions> ParseBoard(const std::string& text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
  TRY_ASSIGN(const BoardType* type, FindBoardType(text.substr(0, first)));
  BoardOptions board{type, "", ""};
  if (first != std::string::npos) board.serial = text.substr(first + 1, second - first - 1);
  if (second != std::string::npos) board.flash_file = std::filesystem::absolute(text.substr(second + 1));
  const auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; };
  if (board.serial.empty() || !std::all_of(board.serial.begin(), board.serial.end(), allowed)) {
    return Error{Code::kInvalid, fmt::format("board \"{}\": the serial number \"{}\" must be letters, digits, - and _, "
                                             "as in uno:A1",
                                             text, board.serial)};
  }
  return board;
}

}  // namespace

Result<const BoardType*> FindBoardType(const std::string& name) {
  for (const BoardType& type : kBoardTypes) {
    if (name == type.name) return &type;
  }
  return Error{Code::kInvalid, fmt::format("board type \"{}\": unknown; there are {}", name, TypeNames())};
}

std::vector<std::string> SimulatorCommand(const BoardType& type, const std::filesystem::path& programs) {
  std::vector<std::string> command = {(programs / type.simulator).string(), "--model", type.model};
  if (*type.bootloader != '\0') {
    command.insert(command.end(), {"--boot", (programs / "bootloaders" / type.bootloader).string()});
  }
  return command;
}

Result<BoardsOptions> ParseBoardsOptions(int argc, char** argv) {
  static const option kOptions[] = {
      {"dir", required_argument, nullptr, 'd'}, {"board", required_argument, nullptr, 'b'}, {nullptr, 0, nullptr, 0}};
  BoardsOptions options;
  for (int letter; (letter = getopt_long(argc, argv, "+", kOptions, nullptr)) != -1;) {
    if (letter == 'd') options.folder = std::filesystem::absolute(optarg);
    if (letter == '?') return Usage();
    if (letter != 'b') continue;
    TRY_ASSIGN(BoardOptions board, ParseBoard(optarg));
    for (const BoardOptions& other : options.boards) {
      if (other.serial == board.serial) {
        return Error{Code::kInvalid,
                     fmt::format("board \"{}\": serial number {} is given twice; use another", optarg, board.serial)};
      }
    }
    options.boards.push_back(std::move(board));
  }
  options.command.assign(argv + optind, argv + argc);
  if (options.boards.empty() || options.command.empty()) return Usage();
  return options;
}

}  // namespace motley::boards
