// Flashes a board as the agent does, without an agent.
// Says how far it has come, and at the end how many messages were sent and what was written, or the error.

#include <fmt/format.h>
#include <getopt.h>

#include <cstdio>
#include <cstdlib>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "agent/serial/port.h"
#include "common/files/files.h"
#include "tests/agent/flash/faulty_port.h"

namespace motley::agent {
namespace {

constexpr char kUsage[] =
    "usage: flash-probe [--board TYPE] [--known IMAGE] [--die-at N | --cut-at N] PORT IMAGE\n"
    "TYPE: where the USB ids do not say it. --known: what is in the chip already. --die-at: ends itself by SIGKILL at "
    "the\n"
    "Nth message to the board; --cut-at: the cable is out from the Nth message on.\n";
constexpr std::uint64_t kMaxImageBytes = 64 << 20;

struct Options {
  std::string board;
  std::string known;
  tests::LineFault fault;
  std::string port;
  std::string image;
};

std::optional<Options> ParseOptions(int argc, char** argv) {
  static const option kOptions[] = {{"board", required_argument, nullptr, 'b'},
                                    {"known", required_argument, nullptr, 'k'},
                                    {"die-at", required_argument, nullptr, 'd'},
                                    {"cut-at", required_argument, nullptr, 'c'},
                                    {nullptr, 0, nullptr, 0}};
  Options options;
  for (int letter; (letter = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (letter == '?') return std::nullopt;
    if (letter == 'b') options.board = optarg;
    if (letter == 'k') options.known = optarg;
    if (letter == 'd') options.fault = {tests::LineFault::What::kKill, std::atoi(optarg)};
    if (letter == 'c') options.fault = {tests::LineFault::What::kCut, std::atoi(optarg)};
  }
  if (argc - optind != 2) return std::nullopt;
  options.port = argv[optind];
  options.image = argv[optind + 1];
  return options;
}

Result<Image> Load(const std::string& file, const BoardType& board) {
  TRY_ASSIGN(const std::string content, ReadFile(file, kMaxImageBytes));
  return ParseImage(file, content, board.application_begin);
}

Result<FlashReport> Flash(Options& options) {
  const auto system = CreateSerialSystem();
  const auto catalogue = BoardCatalogue::BuiltIn();
  const BoardType* board = catalogue.Find(options.board);
  TRY_ASSIGN(const auto ports, system->List());
  for (const PortInfo& port : ports) {
    if (port.name == options.port && board == nullptr) board = catalogue.Of(port.usb_vendor, port.usb_product);
  }
  // A port that is not there, or is no board's: opening it says so.
  TRY_ASSIGN(auto port, system->Open(options.port, board == nullptr ? 115200 : board->bauds.front()));
  if (board == nullptr) return Error{Code::kInvalid, "port " + options.port + " has no board that is known"};
  TRY_ASSIGN(const Image image, Load(options.image, *board));
  std::optional<Image> known;
  if (!options.known.empty()) {
    TRY_ASSIGN(known, Load(options.known, *board));
  }
  const auto flasher = CreateFlasher(board->protocol);
  TRY(flasher->Check(image, *board));
  const auto progress = [](std::uint32_t done, std::uint32_t total) {
    fmt::print("{} of {}\n", done, total);
    std::fflush(stdout);
  };
  port = tests::WithFault(std::move(port), options.fault);
  return flasher->Flash(
      port, *board, {.image = image, .file = options.image, .known = known ? &*known : nullptr, .progress = progress});
}

int Main(int argc, char** argv) {
  auto options = ParseOptions(argc, argv);
  if (!options) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  const auto flashed = Flash(*options);
  if (flashed) {
    fmt::print("done: messages={} written={} skipped={}\n", options->fault.sent, flashed->written_bytes,
               flashed->skipped_bytes);
  } else {
    fmt::print("{}: {}\n", CodeName(flashed.error().code), flashed.error().message);
  }
  return flashed ? 0 : 1;
}

}  // namespace
}  // namespace motley::agent

int main(int argc, char** argv) { return motley::agent::Main(argc, argv); }
