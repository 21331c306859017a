// Flashes one board alone, and then all others at once, each on a thread of its own as the agent does, and compares the
// times. All boards are empty at the start, so that each is written whole.
// Run: with-boards --board TYPE:A0 ... --board TYPE:A16 -- bench-parallel IMAGE

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "common/files/files.h"

namespace motley {
namespace {

using std::chrono::steady_clock;

struct Place {
  std::string port;
  const agent::BoardType* board;
};

Result<double> FlashOne(const std::string& file, const std::string& content, const Place& place) {
  TRY_ASSIGN(const agent::Image image, agent::ParseImage(file, content, place.board->application_begin));
  TRY_ASSIGN(auto port, agent::CreateSerialSystem()->Open(place.port, place.board->bauds.front()));
  const auto began = steady_clock::now();
  TRY_ASSIGN(const auto report,
             agent::CreateFlasher(place.board->protocol)
                 ->Flash(port, *place.board, {.image = image, .file = file, .known = nullptr, .progress = {}}));
  if (report.skipped_bytes > 0) {
    return Error{Code::kConflict, place.port + " held a part of the image already: give each board an empty flash"};
  }
  return std::chrono::duration<double>(steady_clock::now() - began).count();
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<void> Run(const std::string& file) {
  const auto catalogue = agent::BoardCatalogue::BuiltIn();
  TRY_ASSIGN(const std::string content, ReadFile(file, 1 << 24));
  TRY_ASSIGN(const auto ports, agent::CreateSerialSystem()->List());
  std::vector<Place> places;
  for (const agent::PortInfo& port : ports) {
    if (const auto* board = catalogue.Of(port.usb_vendor, port.usb_product)) places.push_back({port.name, board});
  }
  if (places.size() < 2) return Error{Code::kNotFound, "at least two boards are needed"};

  TRY_ASSIGN(const double alone, FlashOne(file, content, places.front()));
  const double cpu = CpuSeconds();
  std::vector<std::future<Result<double>>> others;
  for (std::size_t i = 1; i < places.size(); ++i) {
    others.push_back(std::async(std::launch::async, [&, i] { return FlashOne(file, content, places[i]); }));
  }
  double slowest = 0;
  std::vector<std::string> failures;
  for (std::size_t i = 0; i < others.size(); ++i) {
    const auto seconds = others[i].get();
    if (!seconds) failures.push_back(places[i + 1].port + ": " + seconds.error().message);
    if (seconds) slowest = std::max(slowest, *seconds);
  }
  if (!failures.empty()) return Error{Code::kUnavailable, fmt::format("{}", fmt::join(failures, "; "))};
  fmt::print("{} of type {}: one alone {:.3f} s; {} at once, the slowest {:.3f} s: {:.2f} times as long\n",
             places.size(), places.front().board->name, alone, others.size(), slowest, slowest / alone);
  fmt::print("our own CPU time for those at once: {:.3f} s\n", CpuSeconds() - cpu);
  return {};
}

}  // namespace
}  // namespace motley

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: with-boards --board TYPE:A0 ... --board TYPE:A16 -- bench-parallel IMAGE\n");
    return 2;
  }
  const auto result = motley::Run(argv[1]);
  if (!result) fmt::print(stderr, "bench-parallel: {}\n", result.error().message);
  return result ? 0 : 1;
}
