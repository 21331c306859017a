#include "common/selector/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

Attributes Gateway() {
  Attributes attributes;
  attributes.gateway = "gw-1";
  attributes.arch = "arm64";
  attributes.os = "debian";
  attributes.memory_mb = 512;
  attributes.cpus = 4;
  attributes.boards = {"uno", "nano"};
  attributes.kinds = {"process", "plugin:ansible"};
  attributes.container_engine = "podman";
  attributes.tags = {{"region", "eu"}, {"site", "Oslo"}};
  return attributes;
}

class Matching : public testing::TestWithParam<const char*> {};
class Failing : public testing::TestWithParam<const char*> {};

TEST_P(Matching, SelectsTheGateway) {
  const auto selector = Selector::Parse(GetParam());
  ASSERT_TRUE(selector.has_value()) << selector.error().message;
  EXPECT_TRUE(selector->Matches(Gateway()));
  EXPECT_EQ(selector->Explain(Gateway()), std::nullopt);
}

TEST_P(Failing, LeavesTheGatewayOut) {
  const auto selector = Selector::Parse(GetParam());
  ASSERT_TRUE(selector.has_value()) << selector.error().message;
  EXPECT_FALSE(selector->Matches(Gateway()));
  EXPECT_TRUE(selector->Explain(Gateway()).has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Selectors, Matching,
    testing::Values("", "true", "arch == \"arm64\"", "'arm64' == arch", "memory_mb >= 512", "512 <= memory_mb",
                    "memory_mb > 511.5", "\"uno\" in boards", "\"mega\" not in boards", "\"plugin:ansible\" in kinds",
                    "container_engine == \"podman\"", "tags.region in [\"us\", \"eu\"]", "cpus in [2, 4]",
                    "has(tags.site)", "!has(tags.none)", "tags.none != \"x\"", "tags.none not in [\"x\"]",
                    "false || true && true", "!(false || false)",
                    "arch == \"arm64\" && memory_mb >= 512 && \"uno\" in boards && tags.region in [\"eu\", \"us\"]"));

INSTANTIATE_TEST_SUITE_P(Selectors, Failing,
                         testing::Values("false", "arch == \"amd64\"", "memory_mb > 512", "\"mega\" in boards",
                                         "\"uno\" not in boards", "tags.none == \"x\"", "tags.none in [\"x\"]",
                                         "has(tags.none)", "true && false", "!true", "arch in [\"amd64\"]",
                                         "cpus == 2 || memory_mb < 100"));

TEST_P(Matching, MeansTheSameWhenItIsPrintedAndReadAgain) {
  const auto selector = Selector::Parse(GetParam());
  const auto again = Selector::Parse(selector->Print());
  ASSERT_TRUE(again.has_value()) << selector->Print();
  EXPECT_EQ(again->Print(), selector->Print());
  EXPECT_TRUE(again->Matches(Gateway()));
}

struct Refusal {
  const char* text;
  const char* message;
};
class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, SaysWhereAndWhy) {
  const auto selector = Selector::Parse(GetParam().text);
  ASSERT_FALSE(selector.has_value()) << GetParam().text;
  EXPECT_EQ(selector.error().code, Code::kInvalid);
  EXPECT_THAT(selector.error().message, testing::HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Selectors, Refused,
    testing::Values(Refusal{"arhc == \"x\"", "unknown attribute \"arhc\" (did you mean \"arch\"?) (column 1)"},
                    Refusal{"memory_mb > \"big\"", "memory_mb is a number, \"big\" is a string (column 13)"},
                    Refusal{"arch < \"b\"", "arch is a string and has no order"},
                    Refusal{"boards == \"uno\"", "boards is a list: ask with in"},
                    Refusal{"\"uno\" in arch", "arch is no list"}, Refusal{"5 in boards", "list of strings"},
                    Refusal{"cpus in [1, \"2\"]", "\"2\" stands in a list where a number is expected (column 13)"},
                    Refusal{"arch", "arch needs a condition"}, Refusal{"arch ==", "before the end (column 8)"},
                    Refusal{"arch = \"x\"", "did you mean \"==\"?"}, Refusal{"(true", "expected \")\""},
                    Refusal{"true true", "expected && or ||"}, Refusal{"\"open", "not closed"},
                    Refusal{"1 == 1", "needs an attribute"}, Refusal{"has(arch)", "has() asks for a tag"},
                    Refusal{"tags. == \"x\"", "a tag's name"}, Refusal{"arch == 'x' & true", "did you mean \"&&\"?"},
                    Refusal{"memory_mb > 1e999", "is not a number"}, Refusal{"\x01", "unexpected byte 0x01"}));

TEST(Selector, RefusesWhatIsTooLongOrTooDeep) {
  EXPECT_THAT(Selector::Parse(std::string(5000, ' ')).error().message, testing::HasSubstr("over the limit of 4096"));
  EXPECT_THAT(Selector::Parse(std::string(100, '(')).error().message, testing::HasSubstr("32 levels"));
  EXPECT_THAT(Selector::Parse(std::string(100, '!')).error().message, testing::HasSubstr("32 levels"));
}

TEST(Selector, ExplainsTheFirstPartThatFailed) {
  const auto selector = Selector::Parse("arch == \"arm64\" && memory_mb >= 1024 && cpus == 1");
  EXPECT_EQ(*selector->Explain(Gateway()), "memory_mb >= 1024 failed: memory_mb is 512");
  EXPECT_EQ(*Selector::Parse("\"mega\" in boards")->Explain(Gateway()),
            "\"mega\" in boards failed: boards are uno, nano");
  EXPECT_EQ(*Selector::Parse("\"container\" in kinds")->Explain(Gateway()),
            "\"container\" in kinds failed: kinds are process, plugin:ansible");
  EXPECT_EQ(*Selector::Parse("tags.zone == \"a\"")->Explain(Gateway()),
            "tags.zone == \"a\" failed: there is no tag \"zone\"");
  EXPECT_EQ(*Selector::Parse("cpus == 1 || cpus == 2")->Explain(Gateway()),
            "cpus == 1 failed: cpus is 4; and cpus == 2 failed: cpus is 4");
}

}  // namespace
}  // namespace motley
