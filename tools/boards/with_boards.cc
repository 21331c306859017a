#include <fmt/format.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "tools/boards/boards_options.h"
#include "tools/boards/boards_session.h"
#include "tools/boards/control_socket.h"
#include "tools/boards/usb_tree.h"

namespace motley::boards {
namespace {

namespace fs = std::filesystem;

/// The folder with our programs: $MOTLEY_BIN_DIR, else where this program is.
fs::path ProgramFolder() {
  if (const char* folder = std::getenv("MOTLEY_BIN_DIR"); folder != nullptr && *folder != '\0') return folder;
  return fs::read_symlink("/proc/self/exe").parent_path();
}

Result<fs::path> MakeTemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "motley-boards.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return Error{Code::kUnavailable, fmt::format("folder \"{}\": {}", name, std::strerror(errno))};
  }
  return fs::path(name);
}

Result<int> Run(BoardsOptions options, int signal_fd) {
  std::error_code error;
  fs::create_directories(options.folder, error);
  TRY_ASSIGN(auto control, ControlSocket::Listen(options.folder / "boards.sock"));
  // Before entering: seen from the new namespace, a chroot's programs have another path.
  const auto programs = ProgramFolder();
  TRY_ASSIGN(auto tree, UsbTree::Enter());
  BoardsSession session(std::move(options), programs, tree, std::move(control));
  TRY(session.PlugAll());
  return session.RunCommand(signal_fd);
}

Result<int> Start(int argc, char** argv, int signal_fd) {
  TRY_ASSIGN(BoardsOptions options, ParseBoardsOptions(argc, argv));
  if (!options.folder.empty()) return Run(std::move(options), signal_fd);
  TRY_ASSIGN(options.folder, MakeTemporaryFolder());
  const fs::path folder = options.folder;
  auto result = Run(std::move(options), signal_fd);
  std::error_code ignored;  // what can not be removed lies in a folder for temporary files
  if (result) fs::remove_all(folder, ignored);
  return result;
}

int Main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&signals, number);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const auto result = Start(argc, argv, signalfd(-1, &signals, SFD_CLOEXEC));
  if (result) return *result;
  fmt::print(stderr, "with-boards: {}\n", result.error().message);
  return ExitCode(result.error().code);
}

}  // namespace
}  // namespace motley::boards

int main(int argc, char** argv) { return motley::boards::Main(argc, argv); }
