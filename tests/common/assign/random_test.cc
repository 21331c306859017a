#include <gtest/gtest.h>

#include <map>

#include "common/assign/solve.h"
#include "tests/common/assign/random_problem.h"

namespace motley::assign {
namespace {

/// More assignments than this are left to Z3.
constexpr std::int64_t kFew = 400;

/// The optimum by other means; nothing when there is no assignment.
std::optional<std::int64_t> Oracle(const Problem& problem) {
  if (AssignmentsOf(problem, kFew) < kFew) return CheapestOfAll(problem);
  const auto solution = Solve(problem, {}, Method::kZ3);
  if (!solution.has_value()) {
    EXPECT_EQ(solution.error().code, Code::kConflict) << solution.error().message;
    return std::nullopt;
  }
  return solution->cost;
}

void ExpectOptimal(const Problem& problem, std::map<std::string, int>& solvers) {
  const std::optional<std::int64_t> expected = Oracle(problem);
  const auto solution = Solve(problem);
  if (!expected) {
    ASSERT_FALSE(solution.has_value());
    EXPECT_EQ(solution.error().code, Code::kConflict) << solution.error().message;
    ++solvers["none"];
    return;
  }
  ASSERT_TRUE(solution.has_value()) << solution.error().message;
  EXPECT_EQ(solution->cost, *expected) << solution->solver;
  EXPECT_EQ(solution->lower_bound, *expected) << solution->solver;
  EXPECT_TRUE(solution->proven) << solution->solver;
  ++solvers[solution->solver];
}

TEST(RandomFleets, CostWhatExhaustiveSearchOrZ3Find) {
  std::map<std::string, int> solvers;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ExpectOptimal(RandomProblem(seed, seed % 10 == 0 ? Conditions::kWith : Conditions::kWithout), solvers);
    if (HasFatalFailure()) return;
  }
  for (const auto& [solver, problems] : solvers) {
    RecordProperty(solver, problems);
    std::printf("%s: %d\n", solver.c_str(), problems);
    EXPECT_GE(problems, 5) << solver << " was hardly tried";
  }
  EXPECT_EQ(solvers.size(), 5u);
}

TEST(RandomFleets, WithManyRulesThatAreChargedOnceCostWhatExhaustiveSearchOrZ3Find) {
  std::map<std::string, int> solvers;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ExpectOptimal(RandomOnceProblem(seed), solvers);
    if (HasFatalFailure()) return;
  }
  for (const auto& [solver, problems] : solvers) std::printf("%s: %d\n", solver.c_str(), problems);
  EXPECT_GE(solvers["branch"], 100);
  EXPECT_GE(solvers["ilp"], 10);
}

/// The same fleet with hundreds of gateways where it has one.
Problem Grown(Problem problem) {
  std::int64_t factor = 300;
  for (GatewayClass& gateway_class : problem.classes) gateway_class.count *= factor++;
  for (Rule& rule : problem.rules) {
    if (rule.weight) *rule.weight *= 71;
    auto* count = std::get_if<Count>(&rule.what);
    if (count != nullptr && count->unit == Unit::kGateways) count->amount *= 211;
  }
  return problem;
}

TEST(RandomFleets, OfManyGatewaysCostWhatAnIntegerProgramFinds) {
  int branched = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem = Grown(RandomOnceProblem(seed));
    const auto expected = Solve(problem, {}, Method::kIlp);
    const auto solution = Solve(problem);
    ASSERT_EQ(solution.has_value(), expected.has_value());
    if (!solution.has_value()) continue;
    EXPECT_EQ(solution->cost, expected->cost) << solution->solver;
    EXPECT_TRUE(solution->proven) << solution->solver;
    branched += solution->solver == "branch";
  }
  EXPECT_GE(branched, 100);
}

TEST(RandomFleets, HaveTheSameSolutionEveryTime) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem = RandomProblem(seed, Conditions::kWith);
    const auto first = Solve(problem);
    const auto second = Solve(problem);
    ASSERT_EQ(first.has_value(), second.has_value());
    if (!first.has_value()) {
      EXPECT_EQ(first.error().message, second.error().message);
      continue;
    }
    ASSERT_EQ(first->shares.size(), second->shares.size());
    for (std::size_t i = 0; i < first->shares.size(); ++i) {
      EXPECT_EQ(first->shares[i].variants, second->shares[i].variants);
      EXPECT_EQ(first->shares[i].gateways, second->shares[i].gateways);
    }
  }
}

}  // namespace
}  // namespace motley::assign
