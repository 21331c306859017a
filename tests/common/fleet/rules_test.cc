#include "common/fleet/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/files.h"

namespace motley {
namespace {

const std::vector<std::string> kVariants = {"stable", "canary", "preview"};

Result<std::vector<FleetRule>> Parse(const std::string& rules) {
  const auto file = YamlFile::Parse("f.yaml", "rules:\n" + rules);
  if (!file) return file.error();
  return ParseRules(*file, file->root()["rules"], kVariants);
}

std::string ErrorOf(const std::string& rules) {
  const auto parsed = Parse(rules);
  return parsed ? "no error" : parsed.error().message;
}

TEST(Rules, SayWhatTheirLineSays) {
  const auto parsed = Parse(R"(
  - coverage: hard
  - at_least: 10%
    of: [canary, preview]
    where: tags.env == "prod"
    within: tags.site
    weight: 50
    charge: once
  - exactly: 3
    of: preview
  - distinct: 50
    without: equal
    where: tags.env == "staging"
  - balance: all
    within: arch
  - keep: 5
  - prefer: canary
    weight: 7
    name: early
  - logic: (> canary 0)
)");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  ASSERT_EQ(parsed->size(), 8U);
  const auto rule = [&](std::size_t i) { return (*parsed)[i].rule; };
  EXPECT_TRUE(std::holds_alternative<assign::Coverage>(rule(0).what));
  EXPECT_EQ(rule(0).weight, std::nullopt);
  EXPECT_EQ(rule(0).line, 3);
  const auto count = std::get<assign::Count>(rule(1).what);
  EXPECT_EQ(count.comparison, assign::Comparison::kAtLeast);
  EXPECT_EQ(count.amount, 10);
  EXPECT_EQ(count.unit, assign::Unit::kPercent);
  EXPECT_THAT(count.variants, testing::ElementsAre(1, 2));
  EXPECT_EQ(rule(1).weight, 50);
  EXPECT_EQ(rule(1).charge, assign::Charge::kOnce);
  EXPECT_EQ(rule(1).name, "at_least 10% of canary, preview where tags.env == \"prod\" within tags.site");
  EXPECT_EQ((*parsed)[1].where->Print(), "tags.env == \"prod\"");
  EXPECT_EQ((*parsed)[1].within, (AttributeRef{Attribute::kTag, "site"}));
  EXPECT_EQ(std::get<assign::Count>(rule(2).what).unit, assign::Unit::kGateways);
  EXPECT_EQ(std::get<assign::Distinct>(rule(3).what).without, assign::WithoutVariant::kEqual);
  EXPECT_EQ(rule(3).weight, 50);
  EXPECT_THAT(std::get<assign::Balance>(rule(4).what).variants, testing::ElementsAre(0, 1, 2));
  EXPECT_EQ((*parsed)[4].within, (AttributeRef{Attribute::kArch, ""}));
  EXPECT_EQ(rule(5).weight, 5);
  EXPECT_EQ(rule(6).name, "early");
  EXPECT_EQ(std::get<assign::Logic>(rule(7).what).condition, "(> canary 0)");
}

TEST(Rules, OfEachBecomesOneRuleForEachVariant) {
  const auto parsed = Parse("  - {at_most: 40%, of: each, within: tags.site}\n");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  ASSERT_EQ(parsed->size(), 3U);
  EXPECT_EQ((*parsed)[2].rule.name, "at_most 40% of each within tags.site (preview)");
  EXPECT_THAT(std::get<assign::Count>((*parsed)[2].rule.what).variants, testing::ElementsAre(2));
}

TEST(Rules, CanBeWrittenAsTheirDocumentShows) {
  const std::string text = *ReadFile(std::string(MOTLEY_SOURCE_DIR) + "/docs/rules.md", 1 << 20);
  const auto begin = text.find("```yaml\n") + 8;
  const auto file = YamlFile::Parse("rules.md", text.substr(begin, text.find("```", begin) - begin));
  ASSERT_TRUE(file.has_value()) << file.error().message;
  const auto parsed = ParseRules(*file, file->root()["rules"], {"lts", "stable", "canary", "preview", "a", "b", "c"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->size(), 15U) << "one for each of 7 variants, and 8 others";
}

struct Refusal {
  const char* rules;
  const char* message;
};
class BadRules : public testing::TestWithParam<Refusal> {};

TEST_P(BadRules, AreRefusedWithLineAndWayOut) {
  EXPECT_THAT(ErrorOf(GetParam().rules), testing::HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BadRules,
    testing::Values(
        Refusal{"  - at_least: 1\n    of: canary\n    where: arhc == \"arm64\"\n",
                "f.yaml:4: rule \"at_least 1 of canary where arhc == \"arm64\"\": where: unknown attribute \"arhc\" "
                "(did you mean \"arch\"?)"},
        Refusal{"  - {coverage: 5, where: 'memory_mb == \"many\"'}\n", "f.yaml:2: rule \"coverage 5 where memory_mb"},
        Refusal{"  - {coverage: 5, where: 'memory_mb == \"many\"'}\n", "memory_mb is a number, \"many\" is a string"},
        Refusal{"  - {at_most: 101%, of: all}\n", "\"101\" is not a whole number from 0 to 100 percent"},
        Refusal{"  - {at_most: 10.5%, of: all}\n", "\"10.5\" is not a whole number from 0 to 100 percent"},
        Refusal{"  - {at_most: -1, of: all}\n", "\"-1\" is not a whole number"},
        Refusal{"  - {at_most: 5, of: []}\n", "of: names no variant"},
        Refusal{"  - balance: []\n", "balance: names no variant"},
        Refusal{"  - balance: [canary]\n", "name two or more"}, Refusal{"  - {at_most: 5}\n", "of is missing"},
        Refusal{"  - {at_most: 5, of: [cannary]}\n", "no variant \"cannary\" (did you mean \"canary\"?)"},
        Refusal{"  - {at_most: 5, of: [canary, canary]}\n", "\"canary\" is there twice"},
        Refusal{"  - keep: 1000000001\n",
                "\"1000000001\" is not a whole number from 1 to 1000000000, and not \"hard\""},
        Refusal{"  - keep: .nan\n", "\".nan\" is not a whole number"},
        Refusal{"  - keep: 1e300\n", "\"1e300\" is not a whole number"},
        Refusal{"  - keep: 0\n", "\"0\" is not a whole number from 1"},
        Refusal{"  - coverage:\n", "write hard, or a whole number"},
        Refusal{"  - prefer: canary\n", "weight is missing"},
        Refusal{"  - {balance: all, within: memory_mb}\n", "within: memory_mb is a number; it takes a string"},
        Refusal{"  - {balance: all, within: boards}\n", "within: boards is a list"},
        Refusal{"  - {balance: all, within: tag.site}\n", "unknown attribute \"tag.site\""},
        Refusal{"  - {balance: all, within: arch os}\n", "expected one attribute"},
        Refusal{"  - {balance: all, charge: each}\n", "\"each\" is not per_gateway or once"},
        Refusal{"  - {keep: 5, within: arch}\n", "\"within\" does not go with \"keep\"; there can be where"},
        Refusal{"  - {keep: 5, coverage: 7}\n", "is both \"keep\" and \"coverage\""},
        Refusal{"  - {where: 'true'}\n", "says nothing; begin with coverage"},
        Refusal{"  - {kep: 5}\n", "f.yaml:2: rule: unknown key \"kep\" (did you mean \"keep\"?)"},
        Refusal{"  - {logic: (> canary}\n", "logic: "},
        Refusal{"  - keep: 5\n  - keep: 5\n", "f.yaml:3: rule \"keep 5\" is there twice"},
        Refusal{"  keep: 5\n", "rules: expected a list"}));

}  // namespace
}  // namespace motley
