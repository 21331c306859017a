// Flashes a quarter of a mebibyte of machine code, this program's own, by our Bootloader and by esptool-js in turn, on
// the same boards, and compares both with what the wire and the flash allow. Run: with-boards --board esp32:E1 --board
// esp8266:F1 -- bench-espressif [RUNS]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "agent/flash/catalogue.h"
#include "agent/flash/deflate.h"
#include "agent/flash/espressif.h"
#include "agent/flash/espressif_message.h"
#include "agent/flash/slip.h"
#include "common/files/files.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley {
namespace {

using std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kImageBytes = 256 * 1024;
constexpr std::size_t kBlock = 0x400;
// As the simulator has them: tools/espsim/nor_flash.cc, rom_loader.cc.
constexpr double kBlockErase = 0.150;
constexpr double kPageProgram = 0.0007;
constexpr double kDigestByte = 0.5e-6;
constexpr double kSamples = kImageBytes / 4096;

struct Times {
  double write;
  double verify;
};

double Seconds(steady_clock::time_point from) {
  return std::chrono::duration<double>(steady_clock::now() - from).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::size_t OnWire(const Bytes& request) { return agent::EncodeSlip(request).size(); }

/// The ROM erases all, then takes a block, writes it and replies, and nothing of that at the same time.
Times Limit(const agent::BoardType& board, const Bytes& image, std::uint32_t baud) {
  const bool is_esp32 = board.chip == "ESP32";
  const double reply = is_esp32 ? 14 : 12;
  const double byte = 10.0 / baud;
  const Bytes sent = is_esp32 ? agent::Deflate(image) : image;
  double bytes = OnWire(agent::EspressifRequest(agent::EspressifCommand::kDeflateBegin, Bytes(16))) + reply;
  for (std::size_t at = 0; at < sent.size(); at += kBlock) {
    const auto block = std::span(sent).subspan(at, std::min(kBlock, sent.size() - at));
    bytes += static_cast<double>(OnWire(agent::EspressifDataRequest(agent::EspressifCommand::kDeflateData,
                                                                    static_cast<unsigned>(at), block))) +
             reply;
  }
  const double size = static_cast<double>(image.size());
  const double write = bytes * byte + size / 65536 * kBlockErase + size / 256 * kPageProgram;
  if (is_esp32) return {write, (26 + reply + 32) * byte + size * kDigestByte};
  // Of each sample: two registers written, 17 read.
  return {write, kSamples * (2 * (26 + reply) + 17 * (14 + reply)) * byte};
}

Result<Times> Ours(const agent::BoardType& board, const Bytes& image, const std::string& port_name) {
  TRY_ASSIGN(auto port, agent::CreateSerialSystem()->Open(port_name, board.bauds.front()));
  const auto bootloader = agent::CreateEspressif(*port, board);
  TRY(bootloader->Connect());
  const auto none = [](std::uint32_t) {};
  Times times{};
  auto began = steady_clock::now();
  TRY(bootloader->Write(board.application_begin, image, none));
  times.write = Seconds(began);
  began = steady_clock::now();
  TRY_ASSIGN(const auto difference, bootloader->Compare(board.application_begin, image, none));
  times.verify = Seconds(began);
  CHECK(!difference);
  TRY(bootloader->Start(board.application_begin));
  return times;
}

/// esptool-js's own time for writing and, on an ESP32, verifying.
double Esptool(const agent::BoardType& board, const std::string& file, const std::string& port_name,
               const std::string& serial, std::uint32_t baud) {
  const bool is_esp32 = board.chip == "ESP32";
  const auto finished = tests::RunProgram(
      {"node", MOTLEY_SOURCE_DIR "/tests/tools/espsim/drive.mjs", port_name, tests::Built("board-ctl"),
       std::getenv("MOTLEY_BOARDS_DIR"), serial, is_esp32 ? "write" : "write-plain",
       fmt::format("0x{:x}", board.application_begin), file, std::to_string(baud)},
      {}, std::chrono::seconds(180));
  const auto at = finished.output.find("seconds: ");
  if (finished.exit_code != 0 || at == std::string::npos) {
    fmt::print(stderr, "esptool-js: {}\n", finished.output);
    return 0;
  }
  return std::stod(finished.output.substr(at + 9));
}

Result<void> Measure(const std::string& type, const std::string& port, const std::string& serial, std::uint32_t baud,
                     const Bytes& image, const std::string& file, int runs) {
  const auto catalogue = agent::BoardCatalogue::BuiltIn();
  agent::BoardType board = *catalogue.Find(type);
  board.bauds = {115200};
  if (baud != 115200) board.bauds.push_back(baud);
  std::vector<double> write, verify, theirs;
  for (int run = 0; run < runs; ++run) {
    TRY_ASSIGN(const Times times, Ours(board, image, port));
    write.push_back(times.write);
    verify.push_back(times.verify);
    theirs.push_back(Esptool(board, file, port, serial, baud));
  }
  const Times limit = Limit(board, image, baud);
  const double bytes = static_cast<double>(image.size());
  const auto row = [&](const std::string& name, double seconds, double limit_seconds) {
    fmt::print("{:<46}{:>9.3f}{:>12.0f}{:>9.1f}%\n", fmt::format("{} {}, {}", type, baud, name), seconds,
               bytes / seconds, 100 * limit_seconds / seconds);
  };
  row("write, ours", Median(write), limit.write);
  row(board.chip == "ESP32" ? "verify, ours" : "verify samples, ours", Median(verify), limit.verify);
  const bool verifies = board.chip == "ESP32";
  const double ours = Median(write) + (verifies ? Median(verify) : 0);
  row(verifies ? "write + verify, esptool-js" : "write, esptool-js", Median(theirs),
      limit.write + (verifies ? limit.verify : 0));
  fmt::print("esptool-js / ours: {:.2f}\n", Median(theirs) / ours);
  return {};
}

Result<void> Run(int runs) {
  TRY_ASSIGN(const std::string self, ReadFile("/proc/self/exe", 1 << 30));
  if (self.size() < kImageBytes) return Error{Code::kInvalid, "this program is smaller than the image"};
  const Bytes image(self.begin(), self.begin() + kImageBytes);
  const tests::TemporaryFolder folder;
  TRY(WriteFileAtomically(folder / "image.bin", {self.data(), kImageBytes}, 0644));
  fmt::print("image {} bytes, {} compressed; medians of {} runs\n", image.size(), agent::Deflate(image).size(), runs);
  fmt::print("{:<46}{:>9}{:>12}{:>10}\n", "", "seconds", "bytes/s", "of limit");
  for (const std::uint32_t baud : {115200, 460800, 921600}) {
    TRY(Measure("esp32", "/dev/ttyUSB0", "E1", baud, image, folder / "image.bin", runs));
  }
  return Measure("esp8266", "/dev/ttyUSB1", "F1", 115200, image, folder / "image.bin", runs);
}

}  // namespace
}  // namespace motley

int main(int argc, char** argv) {
  const auto result = motley::Run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 3);
  if (!result) std::fprintf(stderr, "bench-espressif: %s\n", result.error().message.c_str());
  return result ? 0 : 1;
}
