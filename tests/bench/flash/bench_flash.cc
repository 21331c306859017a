// Flashes one image by our flasher and by avrdude in turn, on the same board, and compares both with what the wire and
// the chip allow; then upgrades of which a part of the pages, or one, is another.
// Run: with-boards --board uno:A1 -- bench-flash IMAGE.hex [RUNS]   (or a mega; an image of more than 10 pages)

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "agent/flash/stk500v1.h"
#include "agent/flash/stk500v2.h"
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

/// 10 bits a byte; 4 ms for a page erase or write. STK500v1: 4 bytes of address and 5 around the data go out, and 2 + 2
/// bytes come back, of which the first two overlap with what goes out; optiboot erases while it receives, and reads 256
/// bytes at once. STK500v2: 6 around a message, 10 before the data, 8 of an answer; it erases when all is there.
Times Limit(std::size_t bytes, const agent::BoardType& board) {
  const double byte = 10.0 / kRealBaud;
  const double page_write = 0.004;
  const double pages = static_cast<double>((bytes + board.page_bytes - 1) / board.page_bytes);
  const double blocks = static_cast<double>((bytes + 255) / 256);
  if (board.protocol == agent::FlashProtocol::kStk500v2) {
    const double write = pages * ((6 + 10 + board.page_bytes + 8) * byte + 2 * page_write);
    const double read = blocks * ((6 + 4 + 6 + 256 + 3) * byte);
    return {write, read, write + read};
  }
  const double write = pages * ((4 + 5 + board.page_bytes + 2) * byte + page_write);
  const double read = blocks * ((4 + 5 + 256 + 2) * byte);
  return {write, read, write + read};
}

Result<Times> Ours(const agent::BoardType& board, const agent::Image& image, const std::string& port_name,
                   const agent::Image* known) {
  const auto system = agent::CreateSerialSystem();
  TRY_ASSIGN(auto port, system->Open(port_name, board.bauds.front()));
  const auto began = steady_clock::now();
  std::optional<steady_clock::time_point> first, middle;
  const std::uint32_t first_page = board.page_bytes;
  Times times{};
  const agent::FlashJob job{
      .image = image, .file = "", .known = known, .progress = [&](std::uint32_t done, std::uint32_t total) {
        if (done == first_page) first = steady_clock::now();
        if (done == total / 2) middle = steady_clock::now();
      }};
  TRY(agent::CreateFlasher(board.protocol)->Flash(port, board, job));
  times.whole = Seconds(began);
  if (known != nullptr || !first || !middle) return times;
  const double pages = static_cast<double>((image.bytes() + board.page_bytes - 1) / board.page_bytes);
  // From the end of the first page to the end of the last: one page less than all.
  times.write = std::chrono::duration<double>(*middle - *first).count() * pages / (pages - 1);
  times.read = Seconds(*middle);
  return times;
}

/// Until the bootloader is ready to be written to.
Result<double> Connect(const agent::BoardType& board, const std::string& port_name) {
  TRY_ASSIGN(auto port, agent::CreateSerialSystem()->Open(port_name, board.bauds.front()));
  const auto create = board.protocol == agent::FlashProtocol::kStk500v2 ? agent::CreateStk500v2 : agent::CreateStk500v1;
  const auto bootloader = create(*port, board);
  const auto began = steady_clock::now();
  TRY(bootloader->Connect());
  return Seconds(began);
}

/// `image` with another byte in each of `count` pages, evenly spread over all but the first.
agent::Image Changed(agent::Image image, const agent::BoardType& board, std::size_t count) {
  auto& bytes = image.segments.front().bytes;
  const std::size_t pages = bytes.size() / board.page_bytes - 1;
  for (std::size_t i = 0; i < count; ++i) bytes[(1 + (2 * i + 1) * pages / (2 * count)) * board.page_bytes] ^= 0x55;
  return image;
}

double Avrdude(const std::string& file, const agent::BoardType& board, const std::string& port_name) {
  const bool mega = board.protocol == agent::FlashProtocol::kStk500v2;
  const auto began = steady_clock::now();
  const auto finished =
      tests::RunProgram({"avrdude", "-q", "-q", "-p", mega ? "m2560" : "m328p", "-c", mega ? "wiring" : "arduino", "-P",
                         port_name, "-b", std::to_string(board.bauds.front()), "-D", "-U", "flash:w:" + file + ":i"},
                        {}, std::chrono::seconds(120));
  if (finished.exit_code != 0) fmt::print(stderr, "avrdude: {}\n", finished.output);
  CHECK(finished.exit_code == 0);
  return Seconds(began);
}

Result<void> Run(const std::string& file, int runs) {
  const auto catalogue = agent::BoardCatalogue::BuiltIn();
  const agent::BoardType* found = nullptr;
  std::string port_name;
  TRY_ASSIGN(const auto ports, agent::CreateSerialSystem()->List());
  for (const agent::PortInfo& port : ports) {
    found = catalogue.Of(port.usb_vendor, port.usb_product);
    port_name = port.name;
  }
  if (found == nullptr) return Error{Code::kNotFound, "no board is plugged in"};
  const agent::BoardType& board = *found;
  TRY_ASSIGN(const std::string content, ReadFile(file, 1 << 20));
  TRY_ASSIGN(const agent::Image image, agent::ParseImage(file, content, board.application_begin));
  const std::size_t pages = image.bytes() / board.page_bytes;
  const agent::Image tenth = Changed(image, board, pages / 10), one = Changed(image, board, 1);

  std::vector<double> write, verify, ours, theirs, connect, tenth_changed, one_changed;
  for (int run = 0; run < runs; ++run) {
    // Erased pages, as far as it needs: what is there must not help.
    const agent::Image other = Changed(image, board, pages);
    TRY(Ours(board, other, port_name, nullptr));
    TRY_ASSIGN(const Times times, Ours(board, image, port_name, nullptr));
    write.push_back(times.write);
    verify.push_back(times.read);
    ours.push_back(times.whole);
    TRY_ASSIGN(const Times ten, Ours(board, tenth, port_name, &image));
    tenth_changed.push_back(ten.whole);
    theirs.push_back(Avrdude(file, board, port_name));
    TRY_ASSIGN(const Times single, Ours(board, one, port_name, &image));
    one_changed.push_back(single.whole);
    TRY_ASSIGN(const double seconds, Connect(board, port_name));
    connect.push_back(seconds);
  }
  const auto bytes = static_cast<double>(image.bytes());
  const Times limit = Limit(image.bytes(), board);
  fmt::print("{}: image of {} bytes, {:.0f} baud on the wire, 4 ms for a page erase or write, medians of {} runs\n",
             board.name, image.bytes(), kRealBaud, runs);
  fmt::print("{:<44}{:>10}{:>12}{:>14}\n", "", "seconds", "bytes/s", "limit/seconds");
  const auto row = [&](const std::string& name, double seconds, double limit_seconds) {
    fmt::print("{:<44}{:>10.3f}{:>12.0f}{:>13.1f}%\n", name, seconds, bytes / seconds, 100 * limit_seconds / seconds);
  };
  row("write, ours", Median(write), limit.write);
  row("verify, ours; limit: reading back", Median(verify), limit.read);
  row("reset to application, ours", Median(ours), limit.whole);
  row("reset to application, avrdude", Median(theirs), limit.whole);
  fmt::print("{:<44}{:>10.3f}\n", fmt::format("{} of {} pages changed, ours", pages / 10, pages),
             Median(tenth_changed));
  fmt::print("{:<44}{:>10.3f}\n", "one page changed, ours", Median(one_changed));
  fmt::print("{:<44}{:>10.3f}\n", "of that until the bootloader is ready", Median(connect));
  fmt::print("avrdude / ours: {:.2f} whole, {:.2f} with a tenth changed\n", Median(theirs) / Median(ours),
             Median(theirs) / Median(tenth_changed));
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
