#include <gtest/gtest.h>

#include "tools/motley/table.h"
#include "tools/motley/telemetry_text.h"
#include "tools/motley/times.h"
#include "tools/motley/wait_for_plan.h"

namespace motley::cli {
namespace {

google::protobuf::Timestamp Seconds(std::int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return time;
}

TEST(Times, AreToldAsPeopleDo) {
  const auto now = Clock::from_time_t(1'000'000);
  EXPECT_EQ(Ago(Seconds(1'000'000), now), "now");
  EXPECT_EQ(Ago(Seconds(1'000'000 - 12), now), "12 s ago");
  EXPECT_EQ(Ago(Seconds(1'000'000 - 600), now), "10 min ago");
  EXPECT_EQ(Ago(Seconds(1'000'000 - 7 * 3600), now), "7 h ago");
  EXPECT_EQ(Ago(Seconds(1'000'000 - 3 * 86400), now), "3 d ago");
  EXPECT_EQ(Ago(Seconds(1'000'000 + 7200), now), "in 2 h");
  EXPECT_EQ(Ago({}, now), "");
}

TEST(Times, UnderstandDurationsWithTheirUnit) {
  EXPECT_EQ(*ParseDuration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(*ParseDuration("10m"), std::chrono::minutes(10));
  EXPECT_EQ(*ParseDuration("7d"), std::chrono::hours(7 * 24));
  for (const char* wrong : {"", "10", "m", "-1s", "1.5h", "10 m", "1w", "99999999999999999999s", "9999999d"})
    EXPECT_FALSE(ParseDuration(wrong).has_value()) << wrong;
  EXPECT_EQ(*ParseSince("1m", Clock::from_time_t(60)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(*ParseSince("2026-01-31T12:00:00Z", {}), "2026-01-31T12:00:00Z");
}

TEST(Table, AlignsByCharactersAndLeavesNoBlanksAtTheEnd) {
  const Terminal terminal(Terminal::Colour::kNever);
  Table table({"NAME", "VALUE", ""});
  table.AddRow({Cell("zürich"), Cell("1"), Cell("x")});
  table.AddRow({Cell("a"), Cell(""), Cell("")});
  EXPECT_EQ(table.Render(terminal, ""), "NAME    VALUE\nzürich  1      x\na\n");
  EXPECT_EQ(Table({"NAME"}).Render(terminal, "none"), "none\n");
}

TEST(Telemetry, HasValuesInTheirUnitAndAllKindsInTheOrderOfTime) {
  EXPECT_EQ(ValueText("memory_bytes", 1536), "1.5 KiB");
  EXPECT_EQ(ValueText("cpu_percent", 12.34), "12.3 %");
  EXPECT_EQ(ValueText("load_1m", 0.25), "0.25");
  v1::TelemetryPage page;
  page.add_samples()->set_time_us(3'000'000);
  page.mutable_samples(0)->set_metric("third");
  page.add_lines()->set_time_us(2'000'000);
  page.mutable_lines(0)->set_text("second");
  page.add_events()->set_time_us(1'000'000);
  page.mutable_events(0)->set_text("first");
  const std::string text = RenderTelemetry(page, Terminal(Terminal::Colour::kNever));
  EXPECT_LT(text.find("first"), text.find("second"));
  EXPECT_LT(text.find("second"), text.find("third"));
}

TEST(PlanProgress, CountsOnlyTheDesiredRevisionAndOnlyWhoHasAVariant) {
  v1::Plan plan;
  v1::FleetStatus status;
  const auto add = [&](const std::string& id, std::uint64_t revision, v1::Deployment::State state) {
    v1::Assignment& assignment = *plan.add_assignments();
    assignment.set_gateway(id);
    assignment.set_variant("v");
    v1::GatewayStatus& gateway = *status.add_details();
    gateway.set_id(id);
    gateway.set_desired_revision(2);
    gateway.mutable_deployment()->set_revision(revision);
    gateway.mutable_deployment()->set_state(state);
    gateway.mutable_deployment()->set_reason("why");
  };
  add("done", 2, v1::Deployment::STATE_DONE);
  add("old", 1, v1::Deployment::STATE_DONE);
  add("busy", 2, v1::Deployment::STATE_ROLLING_BACK);
  add("failed", 2, v1::Deployment::STATE_FAILED);
  plan.add_assignments()->set_gateway("none");
  plan.add_assignments()->set_gateway("gone");
  plan.mutable_assignments(5)->set_variant("v");
  const PlanProgress progress = ProgressOf(plan, status);
  EXPECT_EQ(progress.done, std::vector<std::string>{"done"});
  EXPECT_EQ(progress.pending, (std::vector<std::string>{"old (offline)", "busy (offline)"}));
  EXPECT_EQ(progress.failed, (std::vector<std::string>{"failed: why", "gone: removed from the fleet"}));
}

}  // namespace
}  // namespace motley::cli
