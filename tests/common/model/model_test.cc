#include "common/model/model.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kDigest[] = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

v1::DeploymentModel Model(const std::string& text) {
  v1::DeploymentModel model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &model)) << text;
  return model;
}

std::string Sound() {
  return std::string(R"(
    hosts { name: "board" mcu { board: "uno" } }
    components { name: "web" process { command: "/bin/web" } depends_on: "config" }
    components { name: "config" file { path: "/etc/web.conf" content: "x" } }
    components { name: "setup" script { apply: "true" } }
    components { name: "blink" host: "board" firmware { version: "1" image { digest: ")") +
         kDigest + R"(" } } }
  )";
}

TEST(Model, IsSoundWhenEverythingFits) { EXPECT_THAT(ProblemsOf(Model(Sound())), IsEmpty()); }

struct Fault {
  const char* added;
  const char* problem;
};

class FaultyModel : public testing::TestWithParam<Fault> {};

TEST_P(FaultyModel, IsToldWhatIsWrong) {
  EXPECT_THAT(ProblemsOf(Model(Sound() + GetParam().added)), ElementsAre(HasSubstr(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultyModel,
    testing::Values(
        Fault{R"(components { name: "web" process { command: "x" } })", "component \"web\" is there twice"},
        Fault{R"(components { name: "Web" process { command: "x" } })", "component \"Web\" is not a name"},
        Fault{R"(components { name: "a" })", "has no kind that this version knows"},
        Fault{R"(components { name: "a" process { } })", "has neither an artifact nor a command"},
        Fault{R"(components { name: "a" host: "moon" process { command: "x" } })", "on host \"moon\", which is not"},
        Fault{R"(components { name: "a" host: "board" process { command: "x" } })", "only firmware runs on an mcu"},
        Fault{R"(components { name: "a" script { apply: "x" } depends_on: "b" })", "depends on \"b\", which is not"},
        Fault{R"(components { name: "a" script { apply: "x" } depends_on: "a" })", "wait for one another: a"},
        Fault{R"(components { name: "a" file { path: "etc/x" content: "" } })", "use an absolute one"},
        Fault{R"(components { name: "a" file { path: "/etc/../x" content: "" } })", "use an absolute one"},
        Fault{R"(components { name: "a" file { path: "/etc/web.conf" content: "" } })", "as another component does"},
        Fault{R"(components { name: "a" file { path: "/x" content: "" mode: 4096 } })", "a mode above 07777"},
        Fault{R"(components { name: "a" file { path: "/x" } })", "has neither content nor an artifact"},
        Fault{R"(components { name: "a" file { path: "/x" artifact { digest: "md5:1" } } })", "\"md5:1\""},
        Fault{R"(components { name: "a" process { command: "x" environment { key: "A=B" value: "" } } })", "A=B"},
        Fault{R"(hosts { name: "gateway" mcu { board: "uno" } })", "is the gateway itself"},
        Fault{R"(hosts { name: "other" })", "has no type"}));

TEST(Model, IsToldAllThatIsWrongAtOnce) {
  const auto checked = CheckModel(Model(R"(components { name: "a" } components { name: "B" script { } })"));
  ASSERT_FALSE(checked.has_value());
  EXPECT_THAT(checked.error().message, AllOf(HasSubstr("\"a\" has no kind"), HasSubstr("\"B\" is not a name"),
                                             HasSubstr("\"B\" has neither a script")));
}

TEST(Model, TakesOneFirmwareForABoard) {
  const std::string second = R"(components { name: "more" host: "board" firmware { version: "1" image { digest: ")" +
                             std::string(kDigest) + R"(" } } })";
  EXPECT_THAT(ProblemsOf(Model(Sound() + second)), ElementsAre(HasSubstr("a board runs one firmware")));
}

TEST(IsName, TakesShortLowerCaseWords) {
  for (const char* name : {"a", "gw-1", "1.0_x"}) EXPECT_TRUE(IsName(name)) << name;
  for (const char* name : {"", "-a", "A", "a/b", "a b", "ä"}) EXPECT_FALSE(IsName(name)) << name;
  EXPECT_TRUE(IsName(std::string(63, 'a')));
  EXPECT_FALSE(IsName(std::string(64, 'a')));
}

}  // namespace
}  // namespace motley
