// Flashes one image by our flasher and by avrdude in turn, on the same board, and compares both with what the wire and
// the chip allow. Run: with-boards --board uno:A1 -- bench-flash IMAGE.hex [RUNS]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "common/files/files.h"
#include "tests/support/program.h"

namespace motley {
namespace {

using std::chrono::steady_clock;

double Seconds(steady_clock::time_point from) {
  return std::chrono::duration<double>(steady_clock::now() - from).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Times {
  double write;
  double read;
  double whole;
};

/// What the divisor of a 16 MHz chip (UBRR 16, double speed) makes of 115,200.
constexpr double kRealBaud = 16e6 / 8 / 17;

/// 10 bits a byte. Each page: 4 bytes of address and 5 around the data go out, and 2 + 2 bytes come back, of which the
/// first two overlap with what goes out; optiboot erases while it receives and then writes for one more `page_write`.
Times Limit(std::size_t bytes, const agent::BoardType& board, double page_write) {
  const double byte = 10.0 / kRealBaud;
  const double pages = static_cast<double>((bytes + board.page_bytes - 1) / board.page_bytes);
  const double write = pages * ((4 + 5 + board.page_bytes + 2) * byte + page_write);
  const double read = pages * ((4 + 5 + 2 + board.page_bytes + 2) * byte);
  return {write, read, write + read};
}

Result<Times> Ours(const agent::BoardType& board, const agent::Image& image, const std::string& port_name) {
  const auto system = agent::CreateSerialSystem();
  TRY_ASSIGN(auto port, system->Open(port_name, board.bauds.front()));
  const auto began = steady_clock::now();
  std::optional<steady_clock::time_point> first, middle;
  const std::uint32_t first_page = board.page_bytes;
  Times times{};
  const agent::FlashJob job{
      .image = image, .file = "", .known = nullptr, .progress = [&](std::uint32_t done, std::uint32_t total) {
        if (done == first_page) first = steady_clock::now();
        if (done == total / 2) middle = steady_clock::now();
      }};
  TRY(agent::CreateFlasher(board.protocol)->Flash(port, board, job));
  times.whole = Seconds(began);
  const double pages = static_cast<double>((image.bytes() + board.page_bytes - 1) / board.page_bytes);
  // From the end of the first page to the end of the last: one page less than all.
  times.write = std::chrono::duration<double>(*middle - *first).count() * pages / (pages - 1);
  times.read = Seconds(*middle);
  return times;
}

double Avrdude(const std::string& file, const agent::BoardType& board, const std::string& port_name) {
  const auto began = steady_clock::now();
  const auto finished = tests::RunProgram({"avrdude", "-q", "-q", "-p", "m328p", "-c", "arduino", "-P", port_name, "-b",
                                           std::to_string(board.bauds.front()), "-D", "-U", "flash:w:" + file + ":i"},
                                          {}, std::chrono::seconds(120));
  if (finished.exit_code != 0) fmt::print(stderr, "avrdude: {}\n", finished.output);
  CHECK(finished.exit_code == 0);
  return Seconds(began);
}

Result<void> Run(const std::string& file, int runs) {
  const auto catalogue = agent::BoardCatalogue::BuiltIn();
  const agent::BoardType& board = *catalogue.Find("uno");
  TRY_ASSIGN(const std::string content, ReadFile(file, 1 << 20));
  TRY_ASSIGN(const agent::Image image, agent::ParseImage(file, content, board.application_begin));
  std::string port_name;
  TRY_ASSIGN(const auto ports, agent::CreateSerialSystem()->List());
  for (const agent::PortInfo& port : ports) {
    if (catalogue.Of(port.usb_vendor, port.usb_product) == &board) port_name = port.name;
  }
  if (port_name.empty()) return Error{Code::kNotFound, "no uno is plugged in"};

  std::vector<double> write, read, ours, theirs;
  for (int run = 0; run < runs; ++run) {
    TRY_ASSIGN(const Times times, Ours(board, image, port_name));
    write.push_back(times.write);
    read.push_back(times.read);
    ours.push_back(times.whole);
    theirs.push_back(Avrdude(file, board, port_name));
  }
  const auto bytes = static_cast<double>(image.bytes());
  const Times limit = Limit(image.bytes(), board, 0.004);
  fmt::print("image {} bytes, {:.0f} baud on the wire, 4 ms for a page write, medians of {} runs\n", image.bytes(),
             kRealBaud, runs);
  fmt::print("{:<34}{:>10}{:>12}{:>10}\n", "", "seconds", "bytes/s", "of limit");
  const auto row = [&](const char* name, double seconds, double limit_seconds) {
    fmt::print("{:<34}{:>10.3f}{:>12.0f}{:>9.1f}%\n", name, seconds, bytes / seconds, 100 * limit_seconds / seconds);
  };
  row("write, ours", Median(write), limit.write);
  row("read back, ours", Median(read), limit.read);
  row("write + read back, ours", Median(write) + Median(read), limit.whole);
  row("reset to application, ours", Median(ours), limit.whole);
  row("reset to application, avrdude", Median(theirs), limit.whole);
  fmt::print("avrdude / ours: {:.2f}\n", Median(theirs) / Median(ours));
  return {};
}

}  // namespace
}  // namespace motley

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: with-boards --board uno:A1 -- bench-flash IMAGE.hex [RUNS]\n");
    return 2;
  }
  const auto result = motley::Run(argv[1], argc > 2 ? std::atoi(argv[2]) : 3);
  if (!result) fmt::print(stderr, "bench-flash: {}\n", result.error().message);
  return result ? 0 : 1;
}
