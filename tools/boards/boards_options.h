#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace motley::boards {

/// What a kind of board looks like from the USB side, and which program simulates it.
struct BoardType {
  const char* name;
  const char* vendor_id;
  const char* product_id;
  const char* manufacturer;
  const char* product;
  const char* device_prefix;  ///< "ttyACM" or "ttyUSB"
  const char* simulator;      ///< a program beside with-boards
  const char* model;          ///< what the simulator's --model says
  const char* bootloader;     ///< file in <bin>/bootloaders for --boot; "" where the simulator has its own
};

/// Errors: kInvalid (names the known ones).
Result<const BoardType*> FindBoardType(const std::string& name);

/// The command that simulates a board of `type`, without what all simulators have in common.
std::vector<std::string> SimulatorCommand(const BoardType& type, const std::filesystem::path& programs);

struct BoardOptions {
  const BoardType* type;
  std::string serial;
  std::filesystem::path flash_file;  ///< empty: <folder>/<serial>.flash
};

struct BoardsOptions {
  std::filesystem::path folder;  ///< empty: one that is made and removed again
  std::vector<BoardOptions> boards;
  std::vector<std::string> command;
};

/// Reads `[--dir DIR] --board TYPE:SERIAL[:FLASHFILE] ... -- COMMAND ...`.
///
/// Errors: kInvalid, with the usage where an option is missing.
Result<BoardsOptions> ParseBoardsOptions(int argc, char** argv);

}  // namespace motley::boards
