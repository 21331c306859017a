// Measures an agent at work on this machine: time from pushing a release to its process running and reported, resident
// memory, and what it costs when nothing happens. Run: bench-agent [RUNS]

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"

namespace motley::tests {
namespace {

using std::chrono::steady_clock;

std::string Release(int number) {
  return "application: bench\nversion: 1.0." + std::to_string(number) + R"(
template:
  components:
    sleeper: {kind: process, command: [/bin/sleep, "1000000"], environment: {VERSION: "${version}"}, confirm_ms: 50}
variants:
  - name: all
)";
}

double Milliseconds(steady_clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

double Percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// A number from a file of /proc: the one behind `label`.
long Field(const std::string& path, const std::string& label) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(label)) return std::atol(line.c_str() + label.size());
  }
  return -1;
}

struct Idle {
  double cpu_percent;
  double switches_a_second;
};

/// Of all threads of a process over some time.
Idle MeasureIdle(pid_t pid, std::chrono::seconds time) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const auto ticks = [&] {
    std::ifstream file(folder + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string field;
    long sum = 0;
    for (int i = 3; i <= 15 && fields >> field; ++i) {
      if (i >= 14) sum += std::atol(field.c_str());
    }
    return sum;
  };
  const auto switches = [&] {
    long sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/task")) {
      const std::string task = entry.path().string() + "/status";
      const long count = Field(task, "voluntary_ctxt_switches:");
      if (count > 0) sum += count;
    }
    return sum;
  };
  const long ticks_before = ticks();
  const long switches_before = switches();
  const auto until = steady_clock::now() + time;
  WaitFor([&] { return steady_clock::now() >= until; }, time + std::chrono::seconds(1));
  const auto seconds = static_cast<double>(time.count());
  return {100.0 * static_cast<double>(ticks() - ticks_before) / static_cast<double>(sysconf(_SC_CLK_TCK)) / seconds,
          static_cast<double>(switches() - switches_before) / seconds};
}

void Run(int runs) {
  TemporaryFolder folder;
  Broker broker;
  TestController controller(folder / "controller", broker.url());
  TestAgent agent({.controller_url = controller.url(), .token = controller.AddGateway("gw")});
  agent.Start();
  CHECK(WaitForGateway(controller, "gw", [](const v1::Gateway& gateway) { return gateway.online(); }));

  std::vector<double> running, confirmed;
  for (int run = 1; run <= runs; ++run) {
    const auto began = steady_clock::now();
    CHECK(controller.Push(Release(run), folder.path()).has_value());
    controller.Roll("bench", "1.0." + std::to_string(run));
    std::optional<steady_clock::time_point> seen;
    const std::string version = "1.0." + std::to_string(run);
    CHECK(WaitForGateway(controller, "gw", [&](const v1::Gateway& gateway) {
      const auto& report = gateway.reported();
      const bool there = report.applications_size() == 1 && report.applications(0).version() == version;
      if (there && !seen) seen = steady_clock::now();
      return there && gateway.in_sync();
    }));
    running.push_back(Milliseconds(*seen - began));
    confirmed.push_back(Milliseconds(steady_clock::now() - began));
  }
  const pid_t pid = agent.pid();
  const std::string rollup = "/proc/" + std::to_string(pid) + "/smaps_rollup";
  fmt::print("release push, plan, approval to process running and reported, {} runs\n", runs);
  fmt::print("  started    median {:6.1f} ms   95th percentile {:6.1f} ms\n", Percentile(running, 0.5),
             Percentile(running, 0.95));
  fmt::print("  confirmed  median {:6.1f} ms   95th percentile {:6.1f} ms   (stays up 50 ms)\n",
             Percentile(confirmed, 0.5), Percentile(confirmed, 0.95));
  fmt::print("agent memory: PSS {:.1f} MiB, RSS {:.1f} MiB, private {:.1f} MiB\n",
             static_cast<double>(Field(rollup, "Pss:")) / 1024, static_cast<double>(Field(rollup, "Rss:")) / 1024,
             static_cast<double>(Field(rollup, "Private_Dirty:") + Field(rollup, "Private_Clean:")) / 1024);
  const Idle idle = MeasureIdle(pid, std::chrono::seconds(30));
  fmt::print("agent idle for 30 s: {:.2f} % of one CPU, {:.1f} wake-ups a second\n", idle.cpu_percent,
             idle.switches_a_second);
}

}  // namespace
}  // namespace motley::tests

int main(int argc, char** argv) {
  motley::tests::Run(argc > 1 ? std::atoi(argv[1]) : 20);
  return 0;
}
