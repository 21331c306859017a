// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <getopt.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "tools/avrsim/board.h"
#include "tools/boards/flash_file.h"
#include "tools/boards/intel_hex.h"

namespace motley::avrsim {
namespace {

constexpr char kUsage[] =
    "Usage: motley-avrsim --boot HEX [--control-dir DIR] [--flash FILE] [--image HEX]\n"
    "A virtual Arduino with an ATmega328P on a pseudo terminal, in real time, until SIGTERM.\n"
    "  --boot HEX         bootloader; its lowest address is where the chip starts\n"
    "  --control-dir DIR  where to put the control socket ctl.<number of the terminal> (default: .)\n"
    "  --flash FILE       raw image: loaded at the start if it is there, saved at the end\n"
    "  --image HEX        application to start with, put over what FILE holds\n"
    "Prints one line, \"READY <terminal> <control socket>\", when it can be used.\n";

struct Options {
  std::string boot;
  std::string control_dir = ".";
  std::string flash_file;
  std::string image;
};

Result<Options> Parse(int argc, char** argv) {
  static const option kOptions[] = {{"boot", required_argument, nullptr, 'b'},
                                    {"control-dir", required_argument, nullptr, 'c'},
                                    {"flash", required_argument, nullptr, 'f'},
                                    {"image", required_argument, nullptr, 'i'},
                                    {nullptr, 0, nullptr, 0}};
  Options options;
  for (int letter; (letter = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (letter == 'b') options.boot = optarg;
    if (letter == 'c') options.control_dir = optarg;
    if (letter == 'f') options.flash_file = optarg;
    if (letter == 'i') options.image = optarg;
    if (letter == '?') return Error{Code::kInvalid, kUsage};
  }
  if (options.boot.empty() || optind != argc) return Error{Code::kInvalid, kUsage};
  return options;
}

Result<void> Simulate(const Options& options, int stop_fd) {
  std::vector<std::uint8_t> boot(Chip::kFlashSize, 0xff);
  TRY_ASSIGN(const std::uint32_t boot_address, boards::LoadIntelHex(options.boot, boot));
  TRY_ASSIGN(auto chip, Chip::Create(boot_address));
  if (!options.flash_file.empty()) TRY(boards::LoadFlashFile(options.flash_file, chip->flash()));
  if (!options.image.empty()) TRY(boards::LoadIntelHex(options.image, chip->flash()));
  std::copy(boot.begin() + boot_address, boot.end(), chip->flash().begin() + boot_address);
  chip->SetTemperature(21);
  chip->Reset(Chip::ResetCause::kPowerOn);

  TRY_ASSIGN(auto terminal, boards::Terminal::Create());
  TRY_ASSIGN(auto control,
             boards::ControlSocket::Listen(options.control_dir + fmt::format("/ctl.{}", terminal->number())));
  Board board(*chip, *terminal, *control);
  fmt::print("READY {} {}\n", terminal->path(), control->path().string());
  std::fflush(stdout);
  board.Run(stop_fd);
  if (!options.flash_file.empty()) TRY(boards::SaveFlashFile(options.flash_file, chip->flash()));
  return {};
}

int Main(int argc, char** argv) {
  sigset_t stop;
  sigemptyset(&stop);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&stop, number);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  const int stop_fd = signalfd(-1, &stop, SFD_CLOEXEC);
  // The default of 50 us is half a byte time. The priority stays as it is: a board that keeps its pace on an overloaded
  // machine does so while its clients stand still, and its bootloader gives up on them.
  prctl(PR_SET_TIMERSLACK, 1);
  auto options = Parse(argc, argv);
  auto done = options ? Simulate(*options, stop_fd) : Result<void>(options.error());
  if (done) return 0;
  fmt::print(stderr, "motley-avrsim: {}\n", done.error().message);
  return ExitCode(done.error().code);
}

}  // namespace
}  // namespace motley::avrsim

int main(int argc, char** argv) { return motley::avrsim::Main(argc, argv); }
