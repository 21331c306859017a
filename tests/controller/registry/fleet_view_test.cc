#include "controller/registry/fleet_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::controller {
namespace {

Attributes Gateway(const std::string& name, std::uint64_t memory_mb) {
  Attributes gateway;
  gateway.gateway = name;
  gateway.memory_mb = memory_mb;
  return gateway;
}

std::uint64_t MemoryOf(const FleetView& view, const std::string& gateway) {
  return view.index().AttributesOf(view.index().Find(gateway).value()).memory_mb;
}

TEST(FleetViewTest, SaysWhetherAnythingChanged) {
  FleetView view;
  EXPECT_EQ(view.Set(Gateway("g1", 1)), FleetView::Outcome::kChanged);
  EXPECT_EQ(view.Set(Gateway("g1", 1)), FleetView::Outcome::kSame);
  EXPECT_EQ(view.Set(Gateway("g1", 2)), FleetView::Outcome::kChanged);
  EXPECT_EQ(MemoryOf(view, "g1"), 2u);
}

TEST(FleetViewTest, StandsStillWhileItIsPinnedAndThenTakesAllOver) {
  FleetView view;
  view.Set(Gateway("g1", 1));
  view.Set(Gateway("g2", 1));
  {
    const Handle one = view.Pin();
    {
      const Handle other = view.Pin();
      EXPECT_EQ(view.Set(Gateway("g1", 2)), FleetView::Outcome::kChanged);
    }
    EXPECT_EQ(view.Set(Gateway("g1", 2)), FleetView::Outcome::kSame);
    view.Set(Gateway("g3", 3));
    view.Remove("g2");
    EXPECT_EQ(MemoryOf(view, "g1"), 1u);
    EXPECT_EQ(view.index().size(), 2u);
  }
  EXPECT_EQ(MemoryOf(view, "g1"), 2u);
  EXPECT_EQ(MemoryOf(view, "g3"), 3u);
  EXPECT_FALSE(view.index().Find("g2").has_value());
}

TEST(FleetViewTest, LeavesOutAGatewayThatIsOverTheLimitsAndSaysWhy) {
  FleetView view;
  view.Set(Gateway("g1", 1));
  Attributes odd = Gateway("g1", 1);
  odd.hostname = std::string(5000, 'x');
  view.Set(odd);
  EXPECT_FALSE(view.index().Find("g1").has_value());
  ASSERT_NE(view.Problem("g1"), nullptr);
  EXPECT_THAT(*view.Problem("g1"), testing::HasSubstr("hostname has 5000 bytes"));
  view.Set(Gateway("g1", 1));
  EXPECT_EQ(view.Problem("g1"), nullptr);
}

}  // namespace
}  // namespace motley::controller
