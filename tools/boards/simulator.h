#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "tools/boards/control_socket.h"
#include "tools/boards/rom.h"
#include "tools/boards/terminal.h"

namespace motley::boards {

/// What ties a simulator to the rest of the world.
struct Attachment {
  std::unique_ptr<Terminal> terminal;
  std::unique_ptr<ControlSocket> control;  ///< <control_dir>/ctl.<number of the terminal>, where the modem shim asks
};

/// Errors: kUnavailable (no pseudo terminal left, the folder is not writable), kInvalid (its name is too long).
Result<Attachment> Attach(const std::string& control_dir);

/// Prints the line for which with-boards waits: "READY <terminal> <control socket>".
void SayReady(const Attachment& attachment);

/// The main function of a simulator: calls `simulate` with a descriptor that is readable once SIGTERM, SIGINT or SIGHUP
/// has come. Prints an error and returns its exit code.
int RunSimulator(const char* program, const std::function<Result<void>(int stop_fd)>& simulate);

/// Makes the chip that `model` names. Errors: kInvalid (names the known ones).
using RomFactory = std::function<Result<std::unique_ptr<Rom>>(const std::string& model)>;

/// The whole main function of a simulator of a Rom; `motley-xsim --help` says the options.
int RunRomBoard(int argc, char** argv, const RomFactory& factory);

}  // namespace motley::boards
