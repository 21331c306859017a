// Uploads one image to a board with MCUmgr, with buffers of several sizes, and compares with what the line allows.
// Run: bench-smp --make FILE, and then
// with-boards --dir FOLDER --board nrf52-mcuboot:N1:FILE -- bench-smp FOLDER [PROGRAM-BYTES]

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "common/files/files.h"
#include "tests/support/mcuboot_image.h"
#include "tests/support/program.h"
#include "tools/boards/text_image.h"

namespace motley {
namespace {

using std::chrono::steady_clock;

/// What the simulated line takes for a byte, in whole microseconds: 86.8 by the standard.
constexpr double kByte = 86e-6;
/// To erase a sector of 4 KiB, and to write a word (nRF52840 product specification, at most).
constexpr double kErase = 0.085, kWord = 41e-6;

std::vector<std::uint8_t> ImageOf(const std::string& version, std::size_t bytes) {
  const auto program = boards::MakeTextImage(
      {.size_bytes = bytes, .words = "firmware=blink version=" + version, .seed = version.back() * 1u});
  return tests::MakeMcubootImage(version, std::string(program.begin(), program.end()));
}

Result<void> MakeFlash(const std::string& file) {
  std::string flash(1 << 20, '\xFF');
  const auto image = ImageOf("1.0.0", 12'000);
  flash.replace(0xC000, image.size(), std::string(image.begin(), image.end()));
  return WriteFileAtomically(file, flash, 0644);
}

/// What the line needs for an image in pieces that fill a buffer: CBOR, header, length and checksum, base64, three
/// bytes more a line. Nothing waits for anything: neither for answers, nor for flash.
double LineSeconds(std::size_t image_bytes, std::size_t buffer) {
  // 4 around, 8 of header, {"data": bytes, "off": number}.
  const std::size_t other = 4 + 8 + 1 + 5 + 3 + 4 + 3;
  double characters = 0;
  for (std::size_t at = 0; at < image_bytes;) {
    const std::size_t size = std::min(buffer - other, image_bytes - at);
    const std::size_t base64 = (size + other + 2) / 3 * 4;
    characters += static_cast<double>(base64 + 3 * ((base64 + 123) / 124));
    at += size;
  }
  return characters * kByte;
}

double FlashSeconds(std::size_t image_bytes) {
  return static_cast<double>((image_bytes + 4095) / 4096) * kErase + static_cast<double>(image_bytes) / 4 * kWord;
}

Result<double> Upload(const std::string& port_name, const std::vector<std::uint8_t>& image) {
  const auto catalogue = agent::BoardCatalogue::BuiltIn();
  const agent::BoardType& board = *catalogue.Find("nrf52-mcuboot");
  TRY_ASSIGN(auto port, agent::CreateSerialSystem()->Open(port_name, board.bauds.front()));
  const agent::Image whole{{{board.application_begin, image}}};
  std::optional<steady_clock::time_point> first, last;
  std::uint32_t first_bytes = 0;
  const agent::FlashJob job{
      .image = whole, .file = "", .known = nullptr, .progress = [&](std::uint32_t done, std::uint32_t) {
        if (!first) {
          first = steady_clock::now();
          first_bytes = done;
        }
        last = steady_clock::now();
      }};
  TRY(agent::CreateFlasher(board.protocol)->Flash(port, board, job));
  // From the first piece to the last: as if the first had not been.
  const double seconds = std::chrono::duration<double>(*last - *first).count();
  return seconds * static_cast<double>(image.size()) / static_cast<double>(image.size() - first_bytes);
}

Result<void> Run(const std::string& folder, std::size_t program_bytes) {
  const std::string port = "/dev/ttyACM0";
  const auto tell = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {tests::Built("board-ctl"), folder, "N1"});
    return tests::RunProgram(words).output;
  };
  const auto wait = [&] {
    while (tell({"stat"}).find("runs=application") == std::string::npos) {
    }
  };
  fmt::print("{:>8}{:>8}{:>10}{:>9}{:>9}{:>12}{:>10}{:>18}\n", "buffer", "count", "flash", "seconds", "bytes/s",
             "line, s", "of line", "of the slower one");
  wait();
  int version = 1;
  for (const auto& [size, count, timed] :
       {std::tuple(384, 1, true), std::tuple(384, 4, true), std::tuple(1024, 4, true), std::tuple(2475, 4, true),
        std::tuple(384, 1, false), std::tuple(384, 4, false), std::tuple(2475, 4, false)}) {
    const auto image = ImageOf(fmt::format("2.0.{}", version++), program_bytes);
    tell({"buffers", std::to_string(size), std::to_string(count)});
    tell({"flash-time", timed ? "on" : "off"});
    TRY_ASSIGN(const double seconds, Upload(port, image));
    // It is on trial, and goes back with a reset.
    tell({"flash-time", "off"});
    tell({"reset"});
    wait();
    tell({"reset"});
    wait();
    const double line = LineSeconds(image.size(), static_cast<std::size_t>(size));
    const double slower = std::max(line, timed ? FlashSeconds(image.size()) : 0);
    fmt::print("{:>8}{:>8}{:>10}{:>9.2f}{:>9.0f}{:>12.2f}{:>9.1f}%{:>17.1f}%\n", size, count, timed ? "timed" : "none",
               seconds, static_cast<double>(image.size()) / seconds, line, 100 * line / seconds,
               100 * slower / seconds);
  }
  return {};
}

}  // namespace
}  // namespace motley

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench-smp --make FLASHFILE | bench-smp FOLDER [PROGRAM-BYTES]\n");
    return 2;
  }
  const auto done = std::strcmp(argv[1], "--make") == 0 && argc > 2
                        ? motley::MakeFlash(argv[2])
                        : motley::Run(argv[1], argc > 2 ? static_cast<std::size_t>(std::atol(argv[2])) : 60'000);
  if (!done) fmt::print(stderr, "bench-smp: {}\n", done.error().message);
  return done ? 0 : 1;
}
