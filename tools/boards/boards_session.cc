#include "tools/boards/boards_session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>

#include "tools/boards/child_process.h"

namespace motley::boards {
namespace {

/// A simulator is ready after some 20 ms; a machine that is busy with a build can take much longer.
constexpr std::chrono::seconds kReadyPatience{10};
/// Saving the flash takes milliseconds.
constexpr std::chrono::milliseconds kEndPatience{5000};

/// `addition` in front of the list that the environment variable `name` holds.
std::string Extended(const char* name, const std::string& addition) {
  const char* present = std::getenv(name);
  return present == nullptr || *present == '\0' ? addition : addition + ":" + present;
}

}  // namespace

BoardsSession::BoardsSession(BoardsOptions options, std::filesystem::path programs, UsbTree tree,
                             std::unique_ptr<ControlSocket> control)
    : options_(std::move(options)), programs_(std::move(programs)), tree_(tree), control_(std::move(control)) {
  std::map<std::string, int> next_number;
  int port = 0;
  for (const BoardOptions& board : options_.boards) {
    const std::string prefix = board.type->device_prefix;
    boards_.push_back({board, fmt::format("{}{}", prefix, next_number[prefix]++), ++port, std::nullopt, -1, ""});
    if (board.flash_file.empty()) boards_.back().options.flash_file = options_.folder / (board.serial + ".flash");
  }
}

BoardsSession::~BoardsSession() {
  for (Board& board : boards_) Unplug(board);
}

Result<void> BoardsSession::PlugAll() {
  for (Board& board : boards_) TRY(Start(board));
  for (Board& board : boards_) TRY(WaitUntilReady(board));
  return {};
}

Result<void> BoardsSession::Start(Board& board) {
  const auto log_file = options_.folder / (board.options.serial + ".log");
  const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  int output[2];
  if (log < 0 || pipe2(output, O_CLOEXEC) != 0) {
    return Error{Code::kUnavailable, fmt::format("log \"{}\": {}", log_file.string(), std::strerror(errno))};
  }
  ChildOptions child;
  child.command = SimulatorCommand(*board.options.type, programs_);
  child.command.insert(child.command.end(),
                       {"--control-dir", options_.folder.string(), "--flash", board.options.flash_file.string()});
  child.stdout_fd = output[1];
  child.stderr_fd = log;
  child.own_group = true;
  auto pid = StartChild(child);
  close(log);
  close(output[1]);
  board.ready_fd = output[0];
  TRY(pid);
  board.simulator = *pid;
  return {};
}

Result<void> BoardsSession::WaitUntilReady(Board& board) {
  const auto deadline = std::chrono::steady_clock::now() + kReadyPatience;
  std::string line;
  while (line.find('\n') == std::string::npos) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{board.ready_fd, POLLIN, 0};
    char text[512];
    ssize_t size = 0;
    if (left.count() > 0 && poll(&ready, 1, static_cast<int>(left.count())) > 0) {
      size = read(board.ready_fd, text, sizeof text);
    }
    if (size <= 0) {
      Unplug(board);
      return Error{Code::kUnavailable,
                   fmt::format("board {}: the simulator did not start; see {}", board.options.serial,
                               (options_.folder / (board.options.serial + ".log")).string())};
    }
    line.append(text, static_cast<std::size_t>(size));
  }
  std::istringstream words(line);
  std::string ready, terminal, control;
  words >> ready >> terminal >> control;
  board.control = control;
  return tree_.Plug(board.device, terminal, board.port, board.options);
}

void BoardsSession::Unplug(Board& board) {
  tree_.Unplug(board.device);
  if (board.simulator) EndChild(*board.simulator, kEndPatience);  // its terminal hangs up
  board.simulator.reset();
  if (board.ready_fd >= 0) close(board.ready_fd);
  board.ready_fd = -1;
}

std::vector<std::pair<std::string, std::string>> BoardsSession::CommandEnvironment() const {
  const std::string folder = options_.folder.string();
  return {{"LD_PRELOAD", Extended("LD_PRELOAD", (programs_ / "libmotley-modem.so").string())},
          {"MOTLEY_MODEM_DIR", folder},
          {"MOTLEY_BOARDS_DIR", folder},
          // A sanitized program wants its runtime first in the list of libraries and need not have it so.
          {"ASAN_OPTIONS", Extended("ASAN_OPTIONS", "verify_asan_link_order=0")}};
}

Result<int> BoardsSession::RunCommand(int signal_fd) {
  ChildOptions child;
  child.command = options_.command;
  child.environment = CommandEnvironment();
  TRY_ASSIGN(const pid_t command, StartChild(child));
  for (;;) {
    pollfd fds[] = {{signal_fd, POLLIN, 0}, {control_->fd(), POLLIN, 0}};
    poll(fds, std::size(fds), -1);
    signalfd_siginfo signal;
    if (fds[0].revents != 0 && read(signal_fd, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGCHLD) {
        if (const auto status = Reap(command)) return *status;
      } else if (signal.ssi_code != SI_KERNEL) {  // the terminal's Ctrl-C went to the command as well
        kill(command, static_cast<int>(signal.ssi_signo));
      }
    }
    if (fds[1].revents != 0) {
      while (auto request = control_->Receive()) control_->Reply(*request, Execute(request->text));
    }
  }
}

std::optional<int> BoardsSession::Reap(pid_t command) {
  int status = 0;
  if (waitpid(command, &status, WNOHANG) == command) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  for (Board& board : boards_) {
    if (!board.simulator || waitpid(*board.simulator, &status, WNOHANG) != *board.simulator) continue;
    fmt::print(stderr, "with-boards: board {}: the simulator ended by itself; see {}/{}.log\n", board.options.serial,
               options_.folder.string(), board.options.serial);
    board.simulator.reset();
    Unplug(board);
  }
  return std::nullopt;
}

std::string BoardsSession::Execute(std::string_view request) {
  if (request == "list") return List();
  const std::size_t space = request.find(' ');
  const std::string_view serial = request.substr(0, space);
  const std::string_view command = space == std::string_view::npos ? "" : request.substr(space + 1);
  for (Board& board : boards_) {
    if (board.options.serial != serial) continue;
    if (command == "unplug") {
      Unplug(board);
      return "ok";
    }
    if (command == "plug") {
      if (board.simulator) return "ok";
      auto plugged = Start(board);
      if (plugged) plugged = WaitUntilReady(board);
      return plugged ? "ok" : "error " + plugged.error().message;
    }
    if (!board.simulator) return fmt::format("error board {}: is unplugged; plug it in first", serial);
    auto answer = ControlSocket::Ask(board.control, command);
    return answer ? *answer : "error " + answer.error().message;
  }
  return fmt::format("error board \"{}\": no such serial number; \"list\" names them", serial);
}

std::string BoardsSession::List() const {
  std::string text = "ok";
  for (const Board& board : boards_) {
    text += fmt::format("\n{} {} /dev/{} {}", board.options.serial, board.options.type->name, board.device,
                        board.simulator ? "plugged" : "unplugged");
  }
  return text;
}

}  // namespace motley::boards
