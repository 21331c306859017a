#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace motley::tests {

/// A child process with its output in files. Ended by SIGKILL with this object; with all that it started, soon after
/// this process ended in any way.
class Program {
 public:
  struct Options {
    /// The first is the program: a path, or a name that is looked up in PATH.
    std::vector<std::string> arguments;
    /// Added to the environment of the test.
    std::map<std::string, std::string> environment;
    /// Standard output and error are appended here; empty: to /dev/null.
    std::string output_file;
  };
  static std::unique_ptr<Program> Start(Options options);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal);
  /// The status as waitpid gives it; nothing when it still runs after `patience`.
  std::optional<int> Wait(std::chrono::milliseconds patience = std::chrono::seconds(10));
  bool Running() { return !Wait(std::chrono::milliseconds(0)).has_value(); }
  /// SIGKILL, and waits.
  void Kill();

  /// All that is in its output file.
  std::string Output() const;

 private:
  explicit Program(std::string output_file) : output_file_(std::move(output_file)) {}
  std::string output_file_;
  pid_t pid_ = 0;
  std::optional<int> status_;
};

/// Runs a program to its end: exit code, and what it wrote. 128 + signal where it was killed, 255 after `patience`.
struct Finished {
  int exit_code;
  std::string output;
};
Finished RunProgram(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                    std::chrono::milliseconds patience = std::chrono::seconds(30));

/// A port that nobody listens on, from the kernel.
int FreePort();

/// The path of a program of this build.
std::string Built(const std::string& name);

}  // namespace motley::tests
