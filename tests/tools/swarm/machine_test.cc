#include "tools/swarm/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace motley::swarm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Machine, IsTheSameForTheSameSeedAndNumber) {
  EXPECT_EQ(MakeMachine(7, 3, "gw"), MakeMachine(7, 3, "gw"));
  int same = 0;
  for (std::uint64_t number = 0; number < 100; ++number) {
    same += MakeMachine(7, number, "gw") == MakeMachine(8, number, "gw") ? 1 : 0;
  }
  EXPECT_LT(same, 20) << "another seed makes another fleet";
}

TEST(Machine, MadeInNumbersCoversAllArchitecturesSizesBoardsAndSites) {
  std::set<std::string> architectures, sites;
  std::set<std::uint64_t> memories;
  std::set<std::vector<std::string>> boards;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    const Attributes machine = MakeMachine(7, number, "gw");
    architectures.insert(machine.arch);
    memories.insert(machine.memory_mb);
    boards.insert(machine.boards);
    sites.insert(machine.tags.at("site"));
    EXPECT_TRUE(machine.tags.at("site").starts_with(machine.tags.at("region") + "-"));
  }
  EXPECT_EQ(architectures.size(), 3u);
  EXPECT_EQ(memories.size(), 5u);
  EXPECT_EQ(boards.size(), 4u);
  EXPECT_EQ(sites.size(), 12u);
}

TEST(Machine, IsSeenByTheControllerAsItIs) {
  Attributes machine = MakeMachine(7, 1, "gw-1");
  machine.boards = {"uno", "uno", "nano"};
  machine.kinds = {"file"};
  machine.container_engine = "podman";
  google::protobuf::Map<std::string, std::string> tags;
  for (const auto& [name, value] : machine.tags) tags[name] = value;
  const v1::Context context = ContextOf(machine);
  EXPECT_EQ(AttributesOf("gw-1", context, tags), machine);
  EXPECT_NE(context.boards(0).serial_number(), context.boards(1).serial_number());
}

TEST(Machine, WithoutAListOfKindsCanCarryOutAll) {
  const v1::Context context = ContextOf(Attributes{});
  EXPECT_THAT(context.kinds(), testing::IsSupersetOf({"process", "container", "firmware"}));
}

TEST(Machine, Changes) {
  Attributes machine = MakeMachine(7, 1, "gw-1");
  ASSERT_TRUE(ChangeMachine("memory_mb=512", machine));
  ASSERT_TRUE(ChangeMachine("boards=uno,nano", machine));
  ASSERT_TRUE(ChangeMachine("kinds=", machine));
  ASSERT_TRUE(ChangeMachine("tags.site=oslo", machine));
  EXPECT_EQ(machine.memory_mb, 512u);
  EXPECT_THAT(machine.boards, ElementsAre("uno", "nano"));
  EXPECT_EQ(machine.tags.at("site"), "oslo");
}

TEST(Machine, RefusesAChangeThatMakesNoSenseAndStaysAsItIs) {
  Attributes machine = MakeMachine(7, 1, "gw-1");
  const Attributes before = machine;
  for (const auto& [change, part] :
       {std::pair("memory_mb", "write NAME=VALUE"), std::pair("=3", "write NAME=VALUE"),
        std::pair("memory_mb=lots", "not a whole number"), std::pair("memroy_mb=1", "did you mean \"memory_mb\""),
        std::pair("gateway=x", "keeps its name"), std::pair("runs=x", "controller says")}) {
    const auto changed = ChangeMachine(change, machine);
    ASSERT_FALSE(changed) << change;
    EXPECT_THAT(changed.error().message, HasSubstr(part));
  }
  EXPECT_EQ(machine, before);
}

}  // namespace
}  // namespace motley::swarm
