// Measures the way from a fleet to an assignment, step by step, in CPU time: all of it is on one thread, and other work
// on the machine would only blur it. Usage: bench-assign [largest fleet, default 1000000]

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "common/assign/dense.h"
#include "common/assign/increment.h"
#include "common/assign/solve.h"
#include "common/fleet/evaluate.h"
#include "common/fleet/problem.h"
#include "tests/bench/assign/sample_fleet.h"

namespace motley::bench {
namespace {

/// CPU time of this process.
class Stopwatch {
 public:
  double Ms() const { return Now() - start_; }

 private:
  static double Now() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  }
  double start_ = Now();
};

template <typename T>
T Value(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message);
    std::exit(ExitCode(result.error().code));
  }
  return *std::move(result);
}

// Of this process; pages that the allocator keeps are given back first.
double ResidentMiB() {
  malloc_trim(0);
  std::ifstream status("/proc/self/statm");
  double total = 0, resident = 0;
  status >> total >> resident;
  return resident * 4096 / 1024 / 1024;
}

template <typename F>
auto Timed(double& ms, F work) {
  const Stopwatch watch;
  auto made = work();
  ms = watch.Ms();
  return made;
}

struct Figures {
  std::uint32_t gateways = 0;
  double load_ms = 0, evaluate_ms = 0, group_ms = 0, solve_ms = 0, spread_ms = 0;
  double resolve_group_ms = 0, resolve_ms = 0, respread_ms = 0;
  double changed_ms = 0, join_us = 0, worst_join_us = 0;
  double index_bytes = 0, classes_bytes = 0, resident_bytes = 0;
  std::size_t classes = 0, classes_again = 0, moved = 0, waiting = 0;
  std::int64_t cost = 0;
  bool proven = false;
  std::string solver;
};

// Making the gateways is not the index's work: it is measured on its own and taken off.
void Load(std::uint32_t gateways, FleetIndex& fleet, Figures& figures) {
  Attributes gateway;
  const Stopwatch making;
  for (std::uint32_t i = 0; i < gateways; ++i) SampleFleet::Gateway(i, SampleFleet::ContextOf(i), gateway);
  const double made_ms = making.Ms();
  const Stopwatch both;
  fleet.Reserve(gateways);
  for (std::uint32_t i = 0; i < gateways; ++i) {
    SampleFleet::Gateway(i, SampleFleet::ContextOf(i), gateway);
    Value(fleet.Upsert(gateway));
  }
  figures.load_ms = both.Ms() - made_ms;
}

void Evaluate(const FleetIndex& fleet, const FleetApplication& application, Figures& figures) {
  const Stopwatch watch;
  ColumnEvaluator evaluator(fleet);
  std::size_t matches = 0;
  for (const FleetVariant& variant : application.variants)
    matches += evaluator.Evaluate(variant.when.expression()).Count();
  for (const FleetRule& rule : application.rules) {
    if (rule.where) matches += evaluator.Evaluate(rule.where->expression()).Count();
  }
  figures.evaluate_ms = watch.Ms();
  if (matches == 0) fmt::print("no variant fits any gateway\n");
}

// Gateways that join one by one, each placed at once. What they get is put into `running`.
void Join(std::uint32_t gateways, FleetIndex& fleet, FleetProblem& problem, assign::Increment& increment,
          Running& running, Figures& figures) {
  constexpr int kJoins = 1000;
  Attributes gateway;
  std::vector<double> took;
  const std::uint16_t nothing = 0;
  for (std::uint32_t i = 0; i < kJoins; ++i) {
    SampleFleet::Gateway(gateways + i, SampleFleet::ContextOf(gateways + i), gateway);
    const Stopwatch watch;
    const FleetIndex::Row row = Value(fleet.Upsert(gateway));
    const FleetClasses::Move move = problem.Update(row, std::span(&nothing, 1));
    // A context that is new to the fleet waits for the next full solution.
    const bool is_new = move.to >= figures.classes;
    std::int32_t variant = assign::kNone;
    if (!is_new) variant = Value(increment.Join(static_cast<std::int32_t>(move.to)))[0].variants[0];
    took.push_back(watch.Ms() * 1000);
    running.resize(fleet.row_limit());
    running[row] = static_cast<std::uint16_t>(variant + 1);
    figures.waiting += is_new;
  }
  std::sort(took.begin(), took.end());
  figures.join_us = took[took.size() / 2];
  figures.worst_join_us = took.back();
}

// One gateway in a hundred reports that it has become another machine at another site.
void Change(std::uint32_t gateways, FleetIndex& fleet, FleetProblem& problem, Figures& figures) {
  std::mt19937 random(1);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> changes(gateways / 100);
  for (auto& [number, context] : changes) {
    number = static_cast<std::uint32_t>(random()) % gateways;
    context = static_cast<std::uint32_t>(random()) % (SampleFleet::kMachines * SampleFleet::kSites);
  }
  Attributes gateway;
  const Stopwatch making;
  for (const auto& [number, context] : changes) SampleFleet::Gateway(number, context, gateway);
  const double made_ms = making.Ms();
  const Stopwatch all;
  for (const auto& [number, context] : changes) {
    SampleFleet::Gateway(number, context, gateway);
    const FleetIndex::Row row = Value(fleet.Upsert(gateway));
    const std::uint16_t runs = problem.running()[row];
    problem.Update(row, std::span(&runs, 1));
  }
  figures.changed_ms = all.Ms() - made_ms;
}

Figures Measure(std::uint32_t gateways) {
  Figures figures{.gateways = gateways};
  const FleetApplication application = SampleFleet::Application();
  const double before = ResidentMiB();
  FleetIndex fleet;
  Load(gateways, fleet, figures);
  figures.index_bytes = static_cast<double>(fleet.MemoryBytes()) / gateways;
  figures.resident_bytes = (ResidentMiB() - before) * 1024 * 1024 / gateways;
  Evaluate(fleet, application, figures);

  FleetProblem problem = Timed(
      figures.group_ms, [&] { return Value(FleetProblem::Create(fleet, {application}, Running(fleet.row_limit()))); });
  figures.classes = problem.problem().classes.size();
  const auto solve = [&] { return Value(assign::Solve(problem.problem())); };
  const assign::Solution first = Timed(figures.solve_ms, solve);
  figures.cost = first.cost;
  figures.proven = first.proven;
  figures.solver = first.solver;
  Running running = Timed(figures.spread_ms, [&] { return problem.Spread(first); });
  assign::Increment increment = Value(assign::Increment::Create(problem.problem(), first));
  Join(gateways, fleet, problem, increment, running, figures);

  // Again, with what runs now, after changes.
  problem = Timed(figures.resolve_group_ms, [&] { return Value(FleetProblem::Create(fleet, {application}, running)); });
  figures.classes_bytes = static_cast<double>(problem.classes().MemoryBytes()) / gateways;
  Change(gateways, fleet, problem, figures);
  figures.classes_again = problem.problem().classes.size();
  const assign::Solution second = Timed(figures.resolve_ms, solve);
  const Running to = Timed(figures.respread_ms, [&] { return problem.Spread(second); });
  for (std::size_t row = 0; row < running.size(); ++row) figures.moved += to[row] != running[row];
  return figures;
}

void Print(const Figures& f) {
  fmt::print("| {} | {:.0f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | **{:.1f}** | {} | {} {} ({}) |\n", f.gateways,
             f.load_ms, f.evaluate_ms, f.group_ms, f.solve_ms, f.spread_ms, f.group_ms + f.solve_ms + f.spread_ms,
             f.classes, f.cost, f.proven ? "proven" : "not proven", f.solver);
}

void PrintChanges(const Figures& f) {
  fmt::print("| {} | {:.1f} | {:.0f} | {} | {:.1f} | {:.1f} | {} | {:.1f} | {:.1f} | {} |\n", f.gateways, f.join_us,
             f.worst_join_us, f.waiting, f.resolve_group_ms, f.changed_ms, f.classes_again, f.resolve_ms, f.respread_ms,
             f.moved);
}

void PrintMemory(const Figures& f) {
  fmt::print("| {} | {:.0f} | {:.0f} | {:.1f} |\n", f.gateways, f.index_bytes, f.resident_bytes, f.classes_bytes);
}

// Costs that every gateway has for itself, and variants that hold an eighth and a bit.
void Dense(std::uint32_t gateways) {
  constexpr std::size_t kVariants = 8;
  std::mt19937 random(7);
  std::vector<std::int32_t> costs(gateways * kVariants);
  for (std::int32_t& cost : costs) cost = static_cast<std::int32_t>(random() % 1'000'000);
  const std::vector<assign::VariantCost> capacities(kVariants, assign::AtMost(gateways / kVariants + 1));
  const Stopwatch watch;
  const assign::DenseSolution solution = Value(assign::SolveDense(costs, gateways, kVariants, capacities));
  fmt::print("| {} | {:.0f} | {} |\n", gateways, watch.Ms(), solution.cost);
}

void Run(std::uint32_t largest) {
  std::vector<Figures> all;
  for (std::uint32_t gateways = 1000; gateways <= largest; gateways *= 10) all.push_back(Measure(gateways));
  fmt::print(
      "| gateways | load ms | selectors ms | group ms | solve ms | spread ms | group to spread ms | classes | cost |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Figures& figures : all) Print(figures);
  fmt::print(
      "\n| gateways | join us | worst join us | new contexts | group again ms | 1 % changed ms | classes | solve again "
      "ms | spread again ms | moved |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Figures& figures : all) PrintChanges(figures);
  fmt::print(
      "\n| gateways | index bytes a gateway | resident bytes a gateway | classes bytes a gateway |\n"
      "| --- | --- | --- | --- |\n");
  for (const Figures& figures : all) PrintMemory(figures);
  fmt::print("\n| gateways x 8 | dense ms | cost |\n| --- | --- | --- |\n");
  for (std::uint32_t gateways = 1000; gateways <= largest; gateways *= 10) Dense(gateways);
}

}  // namespace
}  // namespace motley::bench

int main(int argc, char** argv) {
  const long largest = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1'000'000;
  if (largest < 1000 || largest > 10'000'000) {
    fmt::print(stderr, "bench-assign: the largest fleet has 1000 to 10000000 gateways, not \"{}\"\n", argv[1]);
    return motley::ExitCode(motley::Code::kInvalid);
  }
  motley::bench::Run(static_cast<std::uint32_t>(largest));
  return 0;
}
