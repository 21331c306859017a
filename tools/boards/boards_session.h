#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "tools/boards/boards_options.h"
#include "tools/boards/control_socket.h"
#include "tools/boards/usb_tree.h"

namespace motley::boards {

/// The simulators behind one command, and the command. One thread.
///
/// Its socket, <folder>/boards.sock, takes "SERIAL COMMAND": unplug and plug are done here, the rest is passed to the
/// board; "list" names the boards.
class BoardsSession {
 public:
  /// `programs` is where motley-avrsim, libmotley-modem.so and bootloaders/ are.
  BoardsSession(BoardsOptions options, std::filesystem::path programs, UsbTree tree,
                std::unique_ptr<ControlSocket> control);
  /// Ends the simulators, which save their flash.
  ~BoardsSession();
  BoardsSession(const BoardsSession&) = delete;
  BoardsSession& operator=(const BoardsSession&) = delete;

  /// Plugs all boards in.
  Result<void> PlugAll();
  /// Runs the command and returns its exit code (128 + n when signal n ended it). `signal_fd` is a signalfd of SIGCHLD
  /// and of the signals that are passed on to the command.
  Result<int> RunCommand(int signal_fd);

 private:
  struct Board {
    BoardOptions options;
    std::string device;  ///< "ttyACM0"
    int port;
    std::optional<pid_t> simulator;  ///< nothing: unplugged
    int ready_fd = -1;               ///< the simulator's standard output
    std::filesystem::path control;
  };

  Result<void> Start(Board& board);
  Result<void> WaitUntilReady(Board& board);
  void Unplug(Board& board);
  std::string Execute(std::string_view request);
  std::string List() const;
  std::vector<std::pair<std::string, std::string>> CommandEnvironment() const;
  std::optional<int> Reap(pid_t command);

  const BoardsOptions options_;
  const std::filesystem::path programs_;
  UsbTree tree_;
  std::unique_ptr<ControlSocket> control_;
  std::vector<Board> boards_;
};

}  // namespace motley::boards
