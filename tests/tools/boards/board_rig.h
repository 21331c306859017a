#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace motley {

struct Outcome {
  int exit_code;
  std::string output;  ///< standard output and error, in order
};

/// Runs shell scripts beside virtual boards, in a folder of its own that goes with it.
///
/// In a script, $DIR is that folder, $FIRMWARE where the images are, and these can be called: port_probe, board (acts
/// on a board: `board A1 stat`), flash PORT BAUD IMAGE [OPTIONS] (avrdude, which verifies),
/// no_sync AVRDUDE-OPTIONS (whether avrdude gets no answer that it understands).
class BoardRig {
 public:
  explicit BoardRig(std::vector<std::string> boards);
  ~BoardRig();
  BoardRig(const BoardRig&) = delete;
  BoardRig& operator=(const BoardRig&) = delete;

  const std::filesystem::path& folder() const { return folder_; }

  /// Puts `image` ("blink-1.0.0") into the flash of the board `serial`, before the boards are there.
  void Preload(const std::string& serial, const std::string& image);

  /// Runs `script` to its end; with-boards' exit code is the script's.
  Outcome Run(const std::string& script);

  /// Starts `script`; the caller ends it with Finish().
  pid_t Start(const std::string& script);
  Outcome Finish(pid_t pid);

  /// What the simulators have logged, for those who look into a failure.
  std::string Logs() const;

 private:
  const std::vector<std::string> boards_;
  std::filesystem::path folder_;
};

}  // namespace motley
