// Flashes a board as the agent does, without an agent: flash-probe PORT IMAGE
// Says how far it has come, one line a page, and at the end "done" or the error.

#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <cstdio>

#include "agent/flash/flasher.h"
#include "agent/serial/port.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

/// A port whose board has just got its power may not be ready at once. The agent tries again at its next scan.
Result<std::unique_ptr<SerialPort>> Open(SerialSystem& system, const std::string& name, std::uint32_t baud) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (true) {
    auto port = system.Open(name, baud);
    if (port || port.error().code != Code::kUnavailable || std::chrono::steady_clock::now() > until) return port;
    poll(nullptr, 0, 50);
  }
}

Result<void> Flash(const std::string& port_name, const std::string& file) {
  const auto system = CreateSerialSystem();
  TRY_ASSIGN(const std::string content, ReadFile(file, 1 << 20));
  TRY_ASSIGN(const Image image, ParseImage(file, content));
  const BoardType* board = nullptr;
  TRY_ASSIGN(const auto ports, system->List());
  for (const PortInfo& port : ports) {
    if (port.name == port_name) board = BoardTypeOf(port.usb_vendor, port.usb_product);
  }
  // A port that is not there, or is no board's: opening it says so.
  TRY_ASSIGN(const auto port, Open(*system, port_name, board == nullptr ? 115200 : board->baud));
  if (board == nullptr) return Error{Code::kInvalid, "port " + port_name + " has no board that is known"};
  return CreateFlasher(board->protocol)->Flash(*port, *board, image, [](std::uint32_t done, std::uint32_t total) {
    fmt::print("{} of {}\n", done, total);
    std::fflush(stdout);
  });
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
