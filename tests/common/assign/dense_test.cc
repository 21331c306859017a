#include "common/assign/dense.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/assign/transport.h"

namespace motley::assign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Instance {
  std::size_t n = 0;
  std::size_t k = 0;
  std::vector<std::int32_t> costs;
  std::vector<VariantCost> outlets;
};

Instance RandomInstance(std::uint32_t seed) {
  std::mt19937 random(seed);
  Instance instance{.n = 1 + random() % 60, .k = 1 + random() % 6};
  const std::uint32_t range = seed % 3 == 0 ? 3 : 1000;
  for (std::size_t i = 0; i < instance.n * instance.k; ++i) {
    const bool forbidden = i % instance.k != 0 && random() % 5 == 0;
    instance.costs.push_back(forbidden ? kForbidden : static_cast<std::int32_t>(random() % range));
  }
  for (std::size_t j = 0; j < instance.k; ++j) {
    std::int64_t slope = static_cast<std::int64_t>(random() % 200) - 100;
    VariantCost steps;
    for (std::uint32_t i = 0; i < random() % 4; ++i) {
      steps.push_back({static_cast<std::int64_t>(random() % (instance.n / 2 + 1)), slope});
      slope += static_cast<std::int64_t>(random() % 100);
    }
    // The first takes all, so that there is an assignment.
    if (j == 0) steps.push_back({static_cast<std::int64_t>(instance.n), slope + 500});
    instance.outlets.push_back(steps);
  }
  return instance;
}

/// The same by LEMON: a demand for each step, and an item that costs nothing for each place that stays empty.
std::int64_t Reference(const Instance& instance) {
  Transport transport;
  std::vector<std::pair<std::size_t, std::int64_t>> steps;
  std::int64_t room = 0;
  for (std::size_t j = 0; j < instance.k; ++j) {
    const auto n = static_cast<std::int64_t>(instance.n);
    const VariantCost own = instance.outlets[j].empty() ? AtMost(n) : instance.outlets[j];
    for (const CostStep& step : own) {
      steps.emplace_back(j, step.slope);
      transport.demands.push_back(step.gateways);
      room += step.gateways;
    }
  }
  constexpr std::int64_t kNever = 1'000'000'000;
  transport.supplies.assign(instance.n, 1);
  transport.supplies.push_back(room - static_cast<std::int64_t>(instance.n));
  for (std::size_t i = 0; i <= instance.n; ++i) {
    for (const auto& [variant, slope] : steps) {
      const std::int32_t cost = i == instance.n ? 0 : instance.costs[i * instance.k + variant];
      transport.costs.push_back(i == instance.n ? 0 : cost == kForbidden ? kNever : cost + slope);
    }
  }
  const auto amounts = SolveTransport(transport);
  std::int64_t cost = 0;
  for (std::size_t i = 0; i < amounts.size(); ++i) cost += amounts[i] * transport.costs[i];
  return cost;
}

TEST(SolveDense, CostsWhatLemonFindsOnRandomMatrices) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Instance instance = RandomInstance(seed);
    const auto solution = SolveDense(instance.costs, instance.n, instance.k, instance.outlets);
    ASSERT_TRUE(solution.has_value()) << solution.error().message;
    ASSERT_EQ(solution->cost, Reference(instance));
  }
}

TEST(SolveDense, IsExactWithPricesFromASample) {
  std::mt19937 random(1);
  Instance instance{.n = 6000, .k = 4};
  for (std::size_t i = 0; i < instance.n * instance.k; ++i) {
    instance.costs.push_back(static_cast<std::int32_t>(random() % 1000 + i % 4 * 300));
  }
  instance.outlets.assign(4, AtMost(1500));
  const auto solution = SolveDense(instance.costs, instance.n, instance.k, instance.outlets).value();
  EXPECT_EQ(solution.cost, Reference(instance));
  EXPECT_THAT(solution.gateways, ElementsAre(1500, 1500, 1500, 1500));
}

TEST(SolveDense, SaysWhenThereIsNoRoom) {
  const std::vector<std::int32_t> costs{1, kForbidden, 1, kForbidden};
  const auto room = [&](std::int64_t first, std::int64_t second) {
    const std::vector<VariantCost> outlets{AtMost(first), AtMost(second)};
    return SolveDense(costs, 2, 2, outlets);
  };
  EXPECT_THAT(room(1, 0).error().message, HasSubstr("hold 1 of 2 items"));
  EXPECT_THAT(room(1, 1).error().message, HasSubstr("hold too few of them"));
  EXPECT_EQ(room(2, 0)->cost, 2);
}

TEST(SolveDense, RefusesWhatIsNoConvexProblem) {
  const std::vector<std::int32_t> costs{1, 2};
  const std::vector<VariantCost> falling{{{1, 5}, {1, 4}}, {}};
  EXPECT_THAT(SolveDense(costs, 1, 2, falling).error().message, HasSubstr("slopes must rise"));
  EXPECT_THAT(SolveDense(costs, 2, 2, falling).error().message, HasSubstr("is not 2 x 2"));
  const std::vector<std::int32_t> negative{-1};
  const std::vector<VariantCost> free(1);
  EXPECT_THAT(SolveDense(negative, 1, 1, free).error().message, HasSubstr("item 0: cost -1"));
  const std::vector<std::int32_t> none{kForbidden};
  EXPECT_EQ(SolveDense(none, 1, 1, free).error().code, Code::kConflict);
}

}  // namespace
}  // namespace motley::assign
