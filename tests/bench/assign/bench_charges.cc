#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/assign/solve.h"
#include "common/fleet/problem.h"
#include "tests/bench/assign/sample_fleet.h"

namespace motley::bench {
namespace {

std::int64_t NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

template <typename T>
T Value(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message);
    std::exit(ExitCode(result.error().code));
  }
  return *std::move(result);
}

/// Rules that are charged once, beside those of the sample.
struct Case {
  std::string name;
  std::string rules;
};

std::string Once(const std::string& what, int weight) {
  return fmt::format("  - {}\n    weight: {}\n    charge: once\n", what, weight);
}

std::vector<Case> Cases() {
  const std::string absent = Once("at_most: 0\n    of: v2", 900'000);
  const std::string exact = Once("exactly: 20000\n    of: [v3, v8]", 300'000);
  // A set of gateways that crosses the one of the sample's at_least rule, so that there is no network.
  const std::string crossing = Once("at_least: 10%\n    of: [v14, v2]\n    where: tags.region == \"eu\"", 400'000);
  std::vector<Case> cases = {
      {"nobody runs v13", Once("at_most: 0\n    of: v13", 90'000)},
      {"exactly 20000 run v14 or v26", Once("exactly: 20000\n    of: [v14, v26]", 300'000)},
  };
  std::string many;
  for (int i = 0; i < 12; ++i) {
    many += Once(fmt::format("{}: {}\n    of: v{}", i % 3 == 0 ? "exactly" : "at_most", 3000 + i * 537, 7 * i + 4),
                 4'000 << (i % 6));
  }
  cases.push_back({"twelve", many});
  cases.push_back(
      {"at most 100 of v13 in each of 40 sites", Once("at_most: 100\n    of: v13\n    within: tags.site", 2'000)});
  // About as dear as what keeping them costs: the hardest.
  cases.push_back(
      {"nobody runs v13 in each of 40 sites", Once("at_most: 0\n    of: v13\n    within: tags.site", 16'000)});
  cases.push_back({"three even shares", Once("balance: [v13, v27, v34]", 5'000'000)});
  cases.push_back({"crossing: nobody runs v2", absent});
  cases.push_back({"crossing: exactly 20000 run v3 or v8", exact});
  cases.push_back({"crossing: three", absent + exact + crossing});
  return cases;
}

void Compare(const std::string& name, const assign::Problem& problem, std::int64_t limit_ms) {
  const assign::Limits limits{.time_limit_ms = limit_ms, .now_ms = NowMs};
  const assign::Solution before = Value(assign::Solve(problem, limits, assign::Method::kIlp));
  const assign::Solution after = Value(assign::Solve(problem, limits));
  fmt::print("| {} | {} | {:.3f} | {}{} | {:.3f} | {}{} ({}) | {:.0f} |\n", name, problem.classes.size(),
             before.seconds, before.cost, before.proven ? "" : fmt::format(" (gap {})", before.gap()), after.seconds,
             after.cost, after.proven ? "" : fmt::format(" (gap {})", after.gap()), after.solver,
             before.seconds / after.seconds);
  std::fflush(stdout);
}

void Run(std::uint32_t gateways, std::int64_t limit_ms) {
  FleetIndex fleet;
  fleet.Reserve(gateways);
  Attributes gateway;
  for (std::uint32_t i = 0; i < gateways; ++i) {
    SampleFleet::Gateway(i, SampleFleet::ContextOf(i), gateway);
    Value(fleet.Upsert(gateway));
  }
  fmt::print(
      "| charged once | classes | CBC s | cost | auto s | cost | ratio |\n| --- | --- | --- | --- | --- | --- | --- "
      "|\n");
  const FleetApplication plain = SampleFleet::Application();
  const FleetProblem first = Value(FleetProblem::Create(fleet, {plain}, Running(fleet.row_limit())));
  Running running = first.Spread(Value(assign::Solve(first.problem())));
  // One gateway in a hundred still runs what suited another one.
  for (std::size_t row = 100; row < running.size(); row += 100) running[row] = running[row - 1];
  for (const Case& one : Cases()) {
    const FleetApplication application = SampleFleet::Application(one.rules);
    const FleetProblem fresh = Value(FleetProblem::Create(fleet, {application}, Running(fleet.row_limit())));
    Compare(one.name + ", new", fresh.problem(), limit_ms);
    const FleetProblem again = Value(FleetProblem::Create(fleet, {application}, running));
    Compare(one.name + ", running", again.problem(), limit_ms);
  }
}

}  // namespace
}  // namespace motley::bench

int main(int argc, char** argv) {
  const long gateways = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1'000'000;
  const long limit_s = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 60;
  if (gateways < 1000 || gateways > 10'000'000 || limit_s < 1) {
    fmt::print(stderr, "usage: bench-charges [GATEWAYS (1000 to 10000000) [LIMIT_SECONDS (at least 1)]]\n");
    return motley::ExitCode(motley::Code::kInvalid);
  }
  motley::bench::Run(static_cast<std::uint32_t>(gateways), limit_s * 1000);
  return 0;
}
