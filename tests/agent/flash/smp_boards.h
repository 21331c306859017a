#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/program.h"
#include "tests/system/fleet.h"

namespace motley::tests {

/// Virtual boards nrf52-mcuboot, N1 on /dev/ttyACM0 and so on, each of which runs and keeps the image of Put("1.0.0").
class SmpBoards {
 public:
  explicit SmpBoards(int count, std::size_t first_program_bytes);

  static std::string Name(int board) { return "N" + std::to_string(board + 1); }
  static std::string Port(int board) { return "/dev/ttyACM" + std::to_string(board); }
  /// The file of an image whose application says hello with `version`, and `words` to it.
  std::string Put(const std::string& version, std::size_t program_bytes, const std::string& words = "") const;
  std::string first() const { return folder_ / "1.0.0.bin"; }
  /// Where Put puts them.
  const std::string& folder() const { return folder_.path(); }
  const TestBoards& boards() const { return boards_; }

  Finished Flash(int board, const std::string& image, std::vector<std::string> options = {}) const;
  std::unique_ptr<Program> StartFlash(int board, const std::string& image) const;
  Finished Keep(int board, const std::string& image, std::vector<std::string> options = {}) const;
  /// What the answer says. Not for commands that fail.
  std::string Tell(int board, std::vector<std::string> command) const;
  /// "slot0=1.0.0,active,confirmed slot1=none": what the board is found to have. Waits for its application.
  std::string Slots(int board) const;
  /// Whether the application in `image` is what would run, by the board's own memory.
  bool Holds(int board, const std::string& image) const;
  std::uint64_t Statistic(int board, const std::string& name) const;
  std::string StateWord(int board, const std::string& name) const;

 private:
  static std::vector<std::string> Specifications(const TemporaryFolder& folder, const std::string& image, int count);
  std::vector<std::string> Behind(std::vector<std::string> command) const;

  const TemporaryFolder folder_;
  const std::string first_;
  const TestBoards boards_;
};

}  // namespace motley::tests
