#include "common/fleet/release_application.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

using testing::HasSubstr;

v1::Release Release(const std::string& rules = "") {
  v1::Release release;
  release.set_application("app");
  release.set_version("1.0.0");
  release.set_rules(rules);
  for (const char* name : {"a", "b"}) {
    v1::Variant& variant = *release.add_variants();
    variant.set_name(name);
    v1::Component& component = *variant.mutable_model()->add_components();
    component.set_name("main");
    component.mutable_process()->add_command("/bin/true");
  }
  return release;
}

TEST(ReleaseApplicationTest, TakesWhatTheModelsTakeFromTheirGateway) {
  v1::Release release = Release();
  v1::DeploymentModel& model = *release.mutable_variants(0)->mutable_model();
  model.mutable_components(0)->mutable_resources()->set_memory_mb(100);
  v1::Port& port = *model.mutable_components(0)->add_provided_ports();
  port.set_name("web");
  port.set_number(8080);
  v1::Component& box = *model.add_components();
  box.set_name("box");
  box.mutable_resources()->set_memory_mb(50);
  box.mutable_resources()->set_disk_mb(7);
  box.mutable_container()->add_ports()->set_host_port(9090);
  // Inside.
  box.add_provided_ports()->set_number(80);
  for (const char* serial : {"", "", "A1"}) {
    v1::Host& host = *model.add_hosts();
    host.set_name(std::string("board") + std::to_string(model.hosts_size()));
    host.mutable_mcu()->set_board("uno");
    host.mutable_mcu()->set_serial_number(serial);
  }
  const Demands demands = DemandsOf(model);
  EXPECT_EQ(demands.memory_mb, 150u);
  EXPECT_EQ(demands.disk_mb, 7u);
  EXPECT_EQ(demands.ports, (std::set<std::uint16_t>{8080, 9090}));
  EXPECT_EQ(demands.boards, (std::map<std::string, std::uint32_t>{{"uno", 2}}));
}

TEST(ReleaseApplicationTest, ImpliesCoverageUnlessARuleSpeaksOfIt) {
  const auto without = ApplicationOf(Release("- {at_most: 1, of: a}\n"), "f").value();
  ASSERT_EQ(without.application.rules.size(), 2u);
  EXPECT_EQ(without.application.rules[1].rule.name, kImpliedCoverageName);
  EXPECT_EQ(without.application.rules[1].rule.weight, kImpliedCoverage);
  EXPECT_EQ(ApplicationOf(Release("- {coverage: 5}\n"), "f").value().application.rules.size(), 1u);
}

TEST(ReleaseApplicationTest, WantsTheKindsThatTheModelNeedsOfAgentsThatSayWhatTheyHave) {
  v1::Release release = Release();
  release.mutable_variants(0)->set_when("memory_mb >= 256");
  release.mutable_variants(1)->mutable_model()->mutable_components(0)->mutable_plugin()->set_plugin("ansible");
  const auto made = ApplicationOf(release, "f").value();
  Attributes gateway;
  gateway.memory_mb = 512;
  const auto fits = [&](int variant) {
    return made.application.variants[static_cast<std::size_t>(variant)].when.Matches(gateway);
  };
  EXPECT_TRUE(fits(0));
  EXPECT_TRUE(fits(1));
  gateway.kinds = {"process"};
  EXPECT_TRUE(fits(0));
  EXPECT_FALSE(fits(1));
  gateway.kinds = {"file", "plugin:ansible"};
  EXPECT_FALSE(fits(0));
  EXPECT_TRUE(fits(1));
  gateway.memory_mb = 128;
  gateway.kinds = {"process"};
  EXPECT_FALSE(fits(0));
  EXPECT_EQ(made.written[0].Print(), "memory_mb >= 256");
}

struct Refusal {
  const char* rules;
  const char* message;
};
class RefusedRules : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedRules, AreNamedWithTheirLine) {
  const auto made = ApplicationOf(Release(GetParam().rules), "f.yaml");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kInvalid);
  EXPECT_THAT(made.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedRules,
    testing::Values(Refusal{"\n\n- {at_most: 1, of: c}\n",
                            "f.yaml:3: rule \"at_most 1 of c\": of: there is no variant"},
                    Refusal{"- {at_most: 120%, of: a}\n", "percent"},
                    Refusal{"- {at_most: 1, of: a, where: 'arhc == \"x\"'}\n", "did you mean \"arch\"?"},
                    Refusal{"\n- {at_most: 1, of: a, where: 'memory_mb == \"x\"'}\n", "f.yaml:2"},
                    Refusal{"\n- {logic: (= a c), weight: 1}\n", "(line 2)"}, Refusal{"\nrules", "f.yaml:2"}));

TEST(ReleaseApplicationTest, RefusesMovesWhereNothingIsInterchangeable) {
  v1::Release release = Release();
  release.set_moves_per_day(10);
  EXPECT_THAT(ApplicationOf(release, "f").error().message, HasSubstr("no variants are interchangeable"));
  release.set_rules("- {balance: all, weight: 1}\n");
  EXPECT_TRUE(ApplicationOf(release, "f").has_value());
  release.set_moves_per_day(1);
  EXPECT_THAT(ApplicationOf(release, "f").error().message, HasSubstr("2 moves"));
}

}  // namespace
}  // namespace motley
