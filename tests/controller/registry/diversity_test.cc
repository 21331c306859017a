#include "controller/registry/diversity.h"

#include <gtest/gtest.h>

namespace motley::controller {
namespace {

TEST(Diversity, IsCountedByVariantAndBySite) {
  DiversityCounter counter("tags.site");
  for (int i = 0; i < 3; ++i) counter.Add("app", "1.0.0", "a", "north");
  counter.Add("app", "1.0.0", "b", "north");
  for (int i = 0; i < 2; ++i) counter.Add("app", "1.0.0", "c", "south");
  counter.Add("app", "1.0.0", "b", "south");
  counter.Add("app", "1.0.0", "c", "");
  const auto all = counter.Count(16);
  ASSERT_EQ(all.size(), 1u);
  const v1::ApplicationDiversity& one = all[0];
  EXPECT_EQ(one.application(), "app");
  EXPECT_EQ(one.gateways(), 8u);
  ASSERT_EQ(one.variants_size(), 3);
  EXPECT_EQ(one.variants(0).gateways(), 3u);
  EXPECT_EQ(one.variants(2).variant(), "b");
  EXPECT_DOUBLE_EQ(one.variants(2).share(), 0.25);
  // 3/8 of a, 3/8 of c and 2/8 of b.
  EXPECT_NEAR(one.entropy_bits(), 1.5613, 0.0001);
  EXPECT_DOUBLE_EQ(one.exposure(), 3.0 / 16);
  EXPECT_EQ(one.largest_in_site().site(), "north");
  EXPECT_EQ(one.largest_in_site().variant(), "a");
  EXPECT_EQ(one.largest_in_site().of(), 4u);
  EXPECT_DOUBLE_EQ(one.largest_in_site().share(), 0.75);
}

TEST(Diversity, OfOneVariantHasNoEntropyAndNoSite) {
  DiversityCounter counter("tags.site");
  counter.Add("app", "1.0.0", "a", "");
  const auto all = counter.Count(1);
  EXPECT_EQ(all[0].entropy_bits(), 0);
  EXPECT_EQ(all[0].exposure(), 1);
  EXPECT_FALSE(all[0].has_largest_in_site());
}

}  // namespace
}  // namespace motley::controller
