#include "tools/boards/simulator.h"

#include <fmt/format.h>
#include <getopt.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "tools/boards/flash_file.h"
#include "tools/boards/rom_board.h"

namespace motley::boards {
namespace {

constexpr char kUsage[] =
    "usage: {} --model NAME [--control-dir DIR] [--flash FILE] [--pace on|off]\n"
    "A virtual board on a pseudo terminal, in real time, until SIGTERM.\n"
    "  --model NAME       which board\n"
    "  --control-dir DIR  where to put the control socket ctl.<number of the terminal> (default: .)\n"
    "  --flash FILE       raw image: loaded at the start if it is there, saved at the end\n"
    "  --pace off         bytes take no time on the line (default: on)\n"
    "Prints one line, \"READY <terminal> <control socket>\", when it can be used.";

struct Options {
  std::string model;
  std::string control_dir = ".";
  std::string flash_file;
  Pace pace = Pace::kWire;
};

Result<Options> Parse(const std::string& program, int argc, char** argv) {
  static const option kOptions[] = {{"model", required_argument, nullptr, 'm'},
                                    {"control-dir", required_argument, nullptr, 'c'},
                                    {"flash", required_argument, nullptr, 'f'},
                                    {"pace", required_argument, nullptr, 'p'},
                                    {nullptr, 0, nullptr, 0}};
  const Error usage{Code::kInvalid, fmt::format(kUsage, program)};
  Options options;
  for (int letter; (letter = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    const std::string value = optarg == nullptr ? "" : optarg;
    if (letter == 'm') options.model = value;
    if (letter == 'c') options.control_dir = value;
    if (letter == 'f') options.flash_file = value;
    if (letter == 'p' && value == "off") options.pace = Pace::kUnlimited;
    if (letter == '?' || (letter == 'p' && value != "on" && value != "off")) return usage;
  }
  if (options.model.empty() || optind != argc) return usage;
  return options;
}

Result<void> Simulate(const Options& options, const RomFactory& factory, int stop_fd) {
  TRY_ASSIGN(auto rom, factory(options.model));
  if (!options.flash_file.empty()) TRY(LoadFlashFile(options.flash_file, rom->flash()));
  TRY_ASSIGN(const Attachment attachment, Attach(options.control_dir));
  RomBoard board(*rom, *attachment.terminal, *attachment.control, options.pace);
  SayReady(attachment);
  board.Run(stop_fd);
  if (!options.flash_file.empty()) TRY(SaveFlashFile(options.flash_file, rom->flash()));
  return {};
}

}  // namespace

Result<Attachment> Attach(const std::string& control_dir) {
  Attachment attachment;
  TRY_ASSIGN(attachment.terminal, Terminal::Create());
  const auto socket = std::filesystem::path(control_dir) / fmt::format("ctl.{}", attachment.terminal->number());
  TRY_ASSIGN(attachment.control, ControlSocket::Listen(socket));
  return attachment;
}

void SayReady(const Attachment& attachment) {
  fmt::print("READY {} {}\n", attachment.terminal->path(), attachment.control->path().string());
  std::fflush(stdout);
}

int RunSimulator(const char* program, const std::function<Result<void>(int stop_fd)>& simulate) {
  sigset_t stop;
  sigemptyset(&stop);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&stop, number);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  const int stop_fd = signalfd(-1, &stop, SFD_CLOEXEC);
  // The default of 50 us is half a byte time. The priority stays as it is: a board that keeps its pace on an overloaded
  // machine does so while its clients stand still, and its bootloader gives up on them.
  prctl(PR_SET_TIMERSLACK, 1);
  const auto done = simulate(stop_fd);
  if (done) return 0;
  fmt::print(stderr, "{}: {}\n", program, done.error().message);
  return ExitCode(done.error().code);
}

int RunRomBoard(int argc, char** argv, const RomFactory& factory) {
  const std::string program = std::filesystem::path(argv[0]).filename().string();
  return RunSimulator(program.c_str(), [&](int stop_fd) -> Result<void> {
    TRY_ASSIGN(const Options options, Parse(program, argc, argv));
    return Simulate(options, factory, stop_fd);
  });
}

}  // namespace motley::boards
