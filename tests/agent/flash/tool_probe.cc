// Flashes the board at a port by the tool of a type in a folder of users' files, as the agent does.
#include <fmt/format.h>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

Result<FlashReport> Flash(const std::string& folder, const std::string& type, const std::string& port_name,
                          const std::string& file) {
  TRY_ASSIGN(const BoardCatalogue catalogue, BoardCatalogue::Load(folder));
  const BoardType* board = catalogue.Find(type);
  if (board == nullptr) return Error{Code::kInvalid, "no type " + type + "; there are " + catalogue.Names()};
  TRY_ASSIGN(const std::string content, ReadFile(file, 1 << 20));
  TRY_ASSIGN(const Image image, ParseImage(file, content, board->application_begin));
  TRY_ASSIGN(auto port, CreateSerialSystem()->Open(port_name, board->bauds.front()));
  return CreateFlasher(board->protocol)
      ->Flash(port, *board, {.image = image, .file = file, .known = nullptr, .progress = nullptr});
}

}  // namespace
}  // namespace motley::agent

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: tool-probe FOLDER TYPE PORT IMAGE\n");
    return 2;
  }
  const auto flashed = motley::agent::Flash(argv[1], argv[2], argv[3], argv[4]);
  if (flashed) {
    fmt::print("done: written={}\n", flashed->written_bytes);
  } else {
    fmt::print("{}: {}\n", motley::CodeName(flashed.error().code), flashed.error().message);
  }
  return flashed ? 0 : 1;
}
