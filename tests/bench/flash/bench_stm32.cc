// Flashes an STM32F103 by our flasher and by stm32flash in turn, at each baud rate, and compares both with what the
// wire and the chip allow; then one changed page of 32 kB. Run: with-boards --board bluepill:S1 -- bench-stm32

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "agent/flash/bootloader.h"
#include "agent/flash/catalogue.h"
#include "agent/flash/stm32.h"
#include "common/files/files.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tools/boards/text_image.h"

namespace motley {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kBytes = 32768;
constexpr double kBlock = 256;
/// Of the chip, as it is simulated (its datasheet: 52.5 us for two bytes, 20 to 40 ms for 1 KiB).
constexpr double kProgramBlock = 128 * 53e-6;
constexpr double kErasePage = 0.030;

double Since(steady_clock::time_point from) {
  return std::chrono::duration<double>(steady_clock::now() - from).count();
}

/// When the bootloader was in step, at last.
steady_clock::time_point connected;

/// The real one, and a clock.
class Timed final : public agent::Bootloader {
 public:
  Timed(agent::SerialPort& port, const agent::BoardType& board) : real_(agent::CreateStm32(port, board)) {}
  Result<void> Connect() override {
    auto done = real_->Connect();
    connected = steady_clock::now();
    return done;
  }
  bool ErasesInWrite() const override { return false; }
  Result<void> Erase(std::uint32_t address, std::uint32_t size) override { return real_->Erase(address, size); }
  Result<void> Write(std::uint32_t address, std::span<const std::uint8_t> bytes,
                     const agent::BytesDone& done) override {
    return real_->Write(address, bytes, done);
  }
  Result<std::optional<Difference>> Compare(std::uint32_t address, std::span<const std::uint8_t> expected,
                                            const agent::BytesDone& done) override {
    return real_->Compare(address, expected, done);
  }
  Result<void> Start(std::uint32_t address) override { return real_->Start(address); }

 private:
  const std::unique_ptr<agent::Bootloader> real_;
};

struct Times {
  double write;  ///< with erasing
  double read;
  double whole;  ///< from the reset on
  double after_sync;
};

/// 11 bits a byte. A block to write: 2 + 5 + 258 bytes out, and 3 back, one after the other; to read: 2 + 5 + 2 out,
/// and 3 + 256 back.
Times Limit(std::size_t bytes, std::uint32_t baud) {
  const double byte = 11.0 / baud;
  const double blocks = static_cast<double>(bytes) / kBlock;
  const double write = blocks * ((2 + 5 + 258 + 3) * byte + kProgramBlock) + blocks / 4 * kErasePage;
  const double read = blocks * ((2 + 5 + 2 + 3 + kBlock) * byte);
  return {write, read, write + read, write + read};
}

std::vector<std::uint8_t> Program(const std::string& version, std::optional<std::size_t> changed_page = {}) {
  return boards::MakeTextImage(
      {.size_bytes = kBytes, .words = "version=" + version, .changed_page = changed_page, .page_bytes = 1024});
}

Result<Times> Ours(const agent::BoardType& board, const std::vector<std::uint8_t>& program, const agent::Image* known) {
  TRY_ASSIGN(auto port, agent::CreateSerialSystem()->Open("/dev/ttyUSB0", board.bauds.front()));
  const agent::Image image{{{board.application_begin, program}}};
  std::optional<steady_clock::time_point> middle;
  const auto progress = [&](std::uint32_t done, std::uint32_t total) {
    if (done == total / 2) middle = steady_clock::now();
  };
  const auto began = steady_clock::now();
  const auto flasher = agent::CreateBootloaderFlasher(
      +[](agent::SerialPort& serial, const agent::BoardType& type) -> std::unique_ptr<agent::Bootloader> {
        return std::make_unique<Timed>(serial, type);
      });
  TRY(flasher->Flash(port, board, {.image = image, .file = "", .known = known, .progress = progress}));
  return Times{std::chrono::duration<double>(*middle - connected).count(), Since(*middle), Since(began),
               Since(connected)};
}

Result<double> Stm32flash(const std::string& file, std::uint32_t baud) {
  const auto began = steady_clock::now();
  const auto finished = tests::RunProgram(
      {"stm32flash", "-b", std::to_string(baud), "-i", "rts&dtr,-dtr,:-rts&dtr&-dtr", "-w", file, "-v", "/dev/ttyUSB0"},
      {}, std::chrono::seconds(120));
  if (finished.exit_code != 0) return Error{Code::kUnavailable, "stm32flash: " + finished.output};
  return Since(began);
}

void Row(const std::string& name, double seconds, double limit) {
  fmt::print("{:<44}{:>10.3f}{:>12.0f}{:>9.1f}%\n", name, seconds, kBytes / seconds, 100 * limit / seconds);
}

Result<void> Compare(agent::BoardType board, std::uint32_t baud, const std::string& folder) {
  board.bauds = {baud};
  const std::string version = fmt::format("{}.0.0", baud);
  const auto program = Program(version);
  TRY_ASSIGN(const Times ours, Ours(board, program, nullptr));
  const std::string file = folder + "/image.bin";
  const auto other = Program(version + "1");
  TRY(WriteFileAtomically(file, std::string(other.begin(), other.end()), 0644));
  TRY_ASSIGN(const double theirs, Stm32flash(file, baud));
  const Times limit = Limit(kBytes, baud);
  fmt::print("{} baud 8E1: the wire allows {:.0f} bytes/s each way\n", baud, baud / 11.0);
  fmt::print("{:<44}{:>10}{:>12}{:>10}\n", "", "seconds", "bytes/s", "of limit");
  Row("erase and write, ours", ours.write, limit.write);
  Row("read back, ours", ours.read, limit.read);
  Row("erase, write and read back, ours", ours.write + ours.read, limit.whole);
  Row("reset to application, ours", ours.whole, limit.whole);
  Row("reset to application, stm32flash", theirs, limit.whole);
  fmt::print("stm32flash / ours: {:.2f} (0.2 s of it are its pauses around resets)\n", theirs / ours.whole);

  const agent::Image known{{{board.application_begin, other}}};
  const auto changed = Program(version + "1", 20);
  TRY_ASSIGN(const Times delta, Ours(board, changed, &known));
  fmt::print("one changed page of {} bytes: {:.0f} ms after the bootloader answers\n\n", kBytes,
             1000 * delta.after_sync);
  return {};
}

Result<void> Run() {
  const auto catalogue = agent::BoardCatalogue::BuiltIn();
  const agent::BoardType* board = catalogue.Find("bluepill");
  if (board == nullptr) return Error{Code::kNotFound, "the catalogue has no bluepill"};
  const tests::TemporaryFolder folder;
  for (const std::uint32_t baud : board->bauds) TRY(Compare(*board, baud, folder.path()));
  return {};
}

}  // namespace
}  // namespace motley

int main() {
  const auto result = motley::Run();
  if (!result) fmt::print(stderr, "bench-stm32: {}\n", result.error().message);
  return result ? 0 : 1;
}
