#pragma once

namespace motley::cli {

/// Does what the command line asks for. Answers go to standard output, errors to standard error as "motley: error:
/// ...". Returns the exit code: 0, or ExitCode of the error; 2 for a command line that is not understood.
int RunCommandLine(int argc, char** argv);

}  // namespace motley::cli
