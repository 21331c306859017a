// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <string>

#include "tools/avrsim/board.h"
#include "tools/boards/flash_file.h"
#include "tools/boards/intel_hex.h"
#include "tools/boards/simulator.h"

namespace motley::avrsim {
namespace {

constexpr char kUsage[] =
    "Usage: motley-avrsim --boot HEX [--model NAME] [--control-dir DIR] [--flash FILE] [--image HEX]\n"
    "A virtual Arduino on a pseudo terminal, in real time, until SIGTERM.\n"
    "  --boot HEX         bootloader; its lowest address is where the chip starts\n"
    "  --model NAME       atmega328p (default) or atmega2560\n"
    "  --control-dir DIR  where to put the control socket ctl.<number of the terminal> (default: .)\n"
    "  --flash FILE       raw image: loaded at the start if it is there, saved at the end\n"
    "  --image HEX        application to start with, put over what FILE holds\n"
    "Prints one line, \"READY <terminal> <control socket>\", when it can be used.\n";

struct Options {
  std::string boot;
  std::string model = "atmega328p";
  std::string control_dir = ".";
  std::string flash_file;
  std::string image;
};

Result<Options> Parse(int argc, char** argv) {
  static const option kOptions[] = {
      {"boot", required_argument, nullptr, 'b'},        {"model", required_argument, nullptr, 'm'},
      {"control-dir", required_argument, nullptr, 'c'}, {"flash", required_argument, nullptr, 'f'},
      {"image", required_argument, nullptr, 'i'},       {nullptr, 0, nullptr, 0}};
  Options options;
  for (int letter; (letter = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (letter == 'b') options.boot = optarg;
    if (letter == 'c') options.control_dir = optarg;
    if (letter == 'f') options.flash_file = optarg;
    if (letter == 'i') options.image = optarg;
    if (letter == 'm') options.model = optarg;
    if (letter == '?') return Error{Code::kInvalid, kUsage};
  }
  if (options.boot.empty() || optind != argc) return Error{Code::kInvalid, kUsage};
  return options;
}

Result<void> Simulate(const Options& options, int stop_fd) {
  TRY_ASSIGN(const ChipModel* model, FindChipModel(options.model));
  std::vector<std::uint8_t> boot(model->flash_bytes, 0xff);
  TRY_ASSIGN(const std::uint32_t boot_address, boards::LoadIntelHex(options.boot, boot));
  TRY_ASSIGN(auto chip, Chip::Create(*model, boot_address));
  if (!options.flash_file.empty()) TRY(boards::LoadFlashFile(options.flash_file, chip->flash()));
  if (!options.image.empty()) TRY(boards::LoadIntelHex(options.image, chip->flash()));
  std::copy(boot.begin() + boot_address, boot.end(), chip->flash().begin() + boot_address);
  chip->SetTemperature(21);
  chip->Reset(Chip::ResetCause::kPowerOn);

  TRY_ASSIGN(const boards::Attachment attachment, boards::Attach(options.control_dir));
  Board board(*chip, *attachment.terminal, *attachment.control);
  boards::SayReady(attachment);
  board.Run(stop_fd);
  if (!options.flash_file.empty()) TRY(boards::SaveFlashFile(options.flash_file, chip->flash()));
  return {};
}

int Main(int argc, char** argv) {
  return boards::RunSimulator("motley-avrsim", [&](int stop_fd) -> Result<void> {
    TRY_ASSIGN(const Options options, Parse(argc, argv));
    return Simulate(options, stop_fd);
  });
}

}  // namespace
}  // namespace motley::avrsim

int main(int argc, char** argv) { return motley::avrsim::Main(argc, argv); }
