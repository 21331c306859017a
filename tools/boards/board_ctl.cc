#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "tools/boards/control_socket.h"

namespace {

constexpr char kUsage[] =
    "usage: board-ctl DIR list\n"
    "       board-ctl DIR SERIAL unplug|plug|reset|stat|dump FILE|dtr 0|1|rts 0|1\n"
    "       board-ctl DIR SERIAL mute on|off|mute-at N|reset-at N|corrupt N|corrupt-input N|lose N|lose-input N\n"
    "       board-ctl DIR SERIAL delay MS\n"
    "       board-ctl DIR SERIAL COMMAND ...   what only its kind of board has; an unknown command names all\n"
    "Acts on a board of the with-boards that was started with --dir DIR ($MOTLEY_BOARDS_DIR for its command).\n";

int Main(int argc, char** argv) {
  if (argc < 3 || (argc == 3 && std::string(argv[2]) != "list")) {
    fmt::print(stderr, "{}", kUsage);
    return motley::ExitCode(motley::Code::kInvalid);
  }
  std::string request = argv[2];
  for (int i = 3; i < argc; ++i) {
    const bool file = i > 3 && std::string(argv[i - 1]) == "dump";  // the board runs in another folder
    request += " " + (file ? std::filesystem::absolute(argv[i]).string() : std::string(argv[i]));
  }
  const auto answer = motley::boards::ControlSocket::Ask(std::filesystem::path(argv[1]) / "boards.sock", request);
  if (!answer) {
    fmt::print(stderr, "board-ctl: {}\n", answer.error().message);
    return motley::ExitCode(answer.error().code);
  }
  if (answer->rfind("ok", 0) == 0) {
    if (answer->size() > 3) fmt::print("{}\n", answer->substr(3));
    return 0;
  }
  fmt::print(stderr, "board-ctl: {}\n", answer->substr(answer->find(' ') + 1));
  return 1;
}

}  // namespace

int main(int argc, char** argv) { return Main(argc, argv); }
