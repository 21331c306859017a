// Flashes a board as the agent does, without an agent: flash-probe PORT IMAGE
// Says how far it has come, one line a page, and at the end "done" or the error.

#include <fmt/format.h>

#include <cstdio>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "agent/serial/port.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

Result<void> Flash(const std::string& port_name, const std::string& file) {
  const auto system = CreateSerialSystem();
  TRY_ASSIGN(const std::string content, ReadFile(file, 1 << 20));
  const auto catalogue = BoardCatalogue::BuiltIn();
  const BoardType* board = nullptr;
  TRY_ASSIGN(const auto ports, system->List());
  for (const PortInfo& port : ports) {
    if (port.name == port_name) board = catalogue.Of(port.usb_vendor, port.usb_product);
  }
  // A port that is not there, or is no board's: opening it says so.
  TRY_ASSIGN(auto port, system->Open(port_name, board == nullptr ? 115200 : board->bauds.front()));
  if (board == nullptr) return Error{Code::kInvalid, "port " + port_name + " has no board that is known"};
  TRY_ASSIGN(const Image image, ParseImage(file, content, board->application_begin));
  const auto progress = [](std::uint32_t done, std::uint32_t total) {
    fmt::print("{} of {}\n", done, total);
    std::fflush(stdout);
  };
  TRY(CreateFlasher(board->protocol)
          ->Flash(port, *board, {.image = image, .file = file, .known = nullptr, .progress = progress}));
  return {};
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: flash-probe PORT IMAGE\n");
    return 2;
  }
  const auto flashed = Flash(argv[1], argv[2]);
  fmt::print("{}\n", flashed ? "done" : fmt::format("{}: {}", CodeName(flashed.error().code), flashed.error().message));
  return flashed ? 0 : 1;
}

}  // namespace
}  // namespace motley::agent

int main(int argc, char** argv) { return motley::agent::Main(argc, argv); }
