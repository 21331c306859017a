#include "common/assign/reduce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/assign/answer.h"
#include "tests/common/assign/fleet.h"
#include "tests/common/assign/random_problem.h"

namespace motley::assign {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(Reduction, KeepsTheCheapestOfTheColumnsThatNoBandTellsApart) {
  const auto model = Compile(Fleet(4, {{.name = "c", .count = 9, .options = {{0, 5}, {1, 3}, {2, 3}, {3, 1}}}},
                                   {Covered(), Counted("few", 10, Comparison::kAtMost, 2, {3})}))
                         .value();
  const Reduction reduction(model);
  ASSERT_THAT(reduction.model().columns, SizeIs(2));
  EXPECT_THAT(reduction.Expand({7, 2}), ElementsAre(0, 7, 0, 2, 0));
  EXPECT_THAT(reduction.Expand({}), testing::IsEmpty());
}

TEST(Reduction, MakesOneSupplyOfClassesThatDifferInWhatEachGatewayPaysAnyway) {
  const Rule keep{.name = "keep", .weight = 10, .what = Keep{0}};
  const auto model = Compile(Fleet(3,
                                   {{.name = "c", .count = 4, .options = {{0, 1}, {1, 2}}},
                                    {.name = "d", .count = 5, .options = {{0, 1}, {1, 2}}, .current = {2}},
                                    {.name = "e", .count = 6, .options = {{0, 1}, {1, 2}}, .current = {1}}},
                                   {keep, Counted("few", 10, Comparison::kAtMost, 2, {1}),
                                    Counted("some", 10, Comparison::kAtLeast, 2, {0})}))
                         .value();
  const Reduction reduction(model);
  ASSERT_THAT(reduction.model().supplies, SizeIs(2));
  EXPECT_EQ(reduction.model().supplies[0].gateways, 9);
  EXPECT_EQ(CostOf(model, reduction.Expand(SolveFlow(reduction.model()).gateways)),
            SolveFlow(reduction.model()).lower_bound);
}

TEST(Reduction, CostsTheSameExpandedAsReduced) {
  int solved = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Model model = Compile(RandomProblem(seed, Conditions::kWithout)).value();
    const Reduction reduction(model);
    const auto whole = TryFlow(model);
    const auto reduced = TryFlow(reduction.model());
    if (!whole) continue;
    ASSERT_TRUE(reduced.has_value());
    ASSERT_EQ(reduced->outcome, whole->outcome);
    if (whole->outcome != Outcome::kOptimal) continue;
    EXPECT_EQ(reduced->lower_bound, whole->lower_bound);
    EXPECT_EQ(CostOf(model, reduction.Expand(reduced->gateways)), whole->lower_bound);
    ++solved;
  }
  EXPECT_GE(solved, 100);
}

}  // namespace
}  // namespace motley::assign
