// Has a board keep an image that was flashed, as the agent does when the application has proved itself.

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "agent/serial/port.h"
#include "common/files/files.h"
#include "tests/agent/flash/faulty_port.h"

namespace motley::agent {
namespace {

constexpr char kUsage[] =
    "usage: keep-probe [--die-at N | --cut-at N] BOARD PORT IMAGE\n"
    "--die-at: ends itself by SIGKILL at the Nth message to the board; --cut-at: the cable is out from there on.\n";

Result<void> Keep(const std::string& type, const std::string& port_name, const std::string& file,
                  tests::LineFault& fault) {
  const auto catalogue = BoardCatalogue::BuiltIn();
  const BoardType* board = catalogue.Find(type);
  if (board == nullptr) return Error{Code::kInvalid, "no type of board \"" + type + "\" is known"};
  TRY_ASSIGN(const std::string content, ReadFile(file, 64 << 20));
  TRY_ASSIGN(const Image image, ParseImage(file, content, board->application_begin));
  TRY_ASSIGN(auto port, CreateSerialSystem()->Open(port_name, board->hello_baud));
  port = tests::WithFault(std::move(port), fault);
  return CreateFlasher(board->protocol)->Keep(*port, *board, image);
}

int Main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  tests::LineFault fault;
  if (words.size() > 2 && (words[0] == "--die-at" || words[0] == "--cut-at")) {
    fault = {words[0] == "--die-at" ? tests::LineFault::What::kKill : tests::LineFault::What::kCut,
             std::atoi(words[1].c_str())};
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.size() != 3) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  const auto kept = Keep(words[0], words[1], words[2], fault);
  if (kept) {
    fmt::print("kept: messages={}\n", fault.sent);
  } else {
    fmt::print("{}: {}\n", CodeName(kept.error().code), kept.error().message);
  }
  return kept ? 0 : 1;
}

}  // namespace
}  // namespace motley::agent

int main(int argc, char** argv) { return motley::agent::Main(argc, argv); }
