#include "tests/system/fleet_of_200.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "tests/support/wait.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string FleetRelease(const std::string& version, const std::string& joining) {
  return "application: fleet\nversion: " + version + "\njoining: " + joining + R"(
template:
  components:
    setup: {kind: script, apply: "echo ${variant} ${version}"}
variants:
  - {name: uno, when: '"uno" in boards', prefer: 10}
  - {name: big-a, when: '"uno" not in boards && memory_mb >= 1024', prefer: 5}
  - {name: big-b, when: '"uno" not in boards && memory_mb >= 1024', prefer: 5}
  - {name: eu-small, when: '"uno" not in boards && memory_mb < 1024 && tags.region == "eu"', prefer: 3}
  - {name: any}
rules:
  - {balance: [big-a, big-b], within: tags.region}
  - {at_most: 30%, of: [uno]}
  - {at_least: 2%, of: [eu-small]}
  - keep: 1
)";
}

/// What the release's `when` says, in other words.
bool Fits(const Member& member, const std::string& variant) {
  if (variant == "any") return true;
  if (variant == "uno") return member.HasBoard("uno");
  if (member.HasBoard("uno")) return false;
  if (variant == "eu-small") return member.memory_mb() < 1024 && member.region() == "eu";
  return member.memory_mb() >= 1024 && (variant == "big-a" || variant == "big-b");
}

bool AllInSync(const Members& members) {
  return std::all_of(members.begin(), members.end(), [](const auto& entry) {
    const Member& member = entry.second;
    return member.gateway.online() && member.gateway.in_sync() && Fits(member, member.running());
  });
}

std::size_t Running(const Members& members, const std::string& variant, const std::string& region = "") {
  return static_cast<std::size_t>(std::count_if(members.begin(), members.end(), [&](const auto& entry) {
    return entry.second.running() == variant && (region.empty() || entry.second.region() == region);
  }));
}

/// The three hard rules of the release, counted anew from what gateways report.
void ExpectRulesHold(const Members& members) {
  EXPECT_LE(Running(members, "uno"), members.size() * 30 / 100);
  EXPECT_GE(Running(members, "eu-small") * 100, members.size() * 2);
  for (const char* region : {"asia", "eu", "us"}) {
    const auto could = std::count_if(members.begin(), members.end(), [&](const auto& entry) {
      return entry.second.region() == region && Fits(entry.second, "big-a");
    });
    const auto a = static_cast<std::ptrdiff_t>(Running(members, "big-a", region));
    const auto b = static_cast<std::ptrdiff_t>(Running(members, "big-b", region));
    EXPECT_EQ(a + b, could) << region;
    EXPECT_LE(std::abs(a - b), 1) << region;
  }
}

void ExpectRuns(const Members& members, const std::map<std::string, std::string>& variants) {
  for (const auto& [name, variant] : variants) EXPECT_EQ(members.at(name).running(), variant) << name;
}

/// The first `count` gateways that run `variant`.
std::vector<std::string> RunnersOf(const Members& members, const std::string& variant, std::size_t count) {
  std::vector<std::string> names;
  for (const auto& [name, member] : members) {
    if (names.size() < count && member.running() == variant) names.push_back(name);
  }
  CHECK(names.size() == count);
  return names;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

/// Sum of the moves of the join plans with an id above `after`, all of which are to be in this state.
std::uint32_t MovesOfJoins(TestController& controller, std::uint64_t after, v1::Plan::State state) {
  std::uint32_t moves = 0;
  for (const v1::Plan& plan : PlansOf(controller)) {
    if (plan.id() <= after || plan.kind() != v1::Plan::KIND_JOIN || plan.replaced_by() > 0) continue;
    EXPECT_EQ(plan.state(), state) << plan.ShortDebugString();
    moves += plan.moves();
  }
  return moves;
}

/// Bytes: about twenty desired states.
constexpr std::uint64_t kSomeDesiredStates = 20000;

class FleetOf200 : public testing::Test {
 protected:
  /// Pushes, proposes, approves, enacts: the plan, when all gateways run what it says.
  v1::Plan Deploy(const std::string& version, const std::string& joining) {
    CHECK(controller_.Push(FleetRelease(version, joining), folder_.path()).has_value());
    const v1::Plan plan = PlanOf(controller_, Propose(controller_, version).id());
    ApproveAndEnact(controller_, plan.id());
    ExpectRuns(WaitForFleet(controller_, AllInSync), VariantsOf(plan));
    return plan;
  }

  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
};

/// 20 that change so that what they run does not fit any more, in every way that there is.
std::set<std::string> ChangeTwenty(const Members& members, const TestSwarm& swarm) {
  std::set<std::string> changed;
  const auto change = [&](const std::string& variant, std::size_t count, const std::string& to) {
    const std::vector<std::string> names = RunnersOf(members, variant, count);
    swarm.Tell("context " + Joined(names) + " " + to);
    changed.insert(names.begin(), names.end());
  };
  change("uno", 8, "boards=nano");
  change("big-a", 5, "memory_mb=512");
  change("big-b", 4, "boards=uno");
  change("eu-small", 3, "memory_mb=4096");
  return changed;
}

TEST_F(FleetOf200, EveryGatewayRunsItsVariantAlsoAfterOthersHaveJoinedChangedAndLeft) {
  const TestSwarm swarm(controller_, 200);
  const v1::Plan plan = Deploy("1.0.0", "approve");
  EXPECT_EQ(plan.assigned(), 200u);
  EXPECT_EQ(plan.moves(), 200u);
  EXPECT_TRUE(plan.solution().proven());
  const Members before = MembersOf(controller_);
  ASSERT_EQ(before.size(), 200u);
  ExpectRulesHold(before);

  const std::set<std::string> changed = ChangeTwenty(before, swarm);
  const std::vector<std::string> same = RunnersOf(before, "any", 15);
  swarm.Tell("context " + Joined(same) + " cpus=64");
  swarm.Tell("join 20");
  const Members after = WaitForFleet(controller_, [&](const Members& members) {
    const bool known = std::all_of(changed.begin(), changed.end(), [&](const std::string& name) {
      return members.at(name).running() != before.at(name).running();
    });
    return members.size() == 220 && known && AllInSync(members);
  });

  std::set<std::string> had_to = changed;
  for (int number = 201; number <= 220; ++number) had_to.insert("gw-" + std::to_string(number));
  EXPECT_EQ(MovedSince(before, after), had_to);
  EXPECT_EQ(MovesOfJoins(controller_, plan.id(), v1::Plan::STATE_ENACTED), 40u);

  // Ten of one kind: the balance can not hold any more without moves of those that stay.
  const std::vector<std::string> leaving = RunnersOf(after, "big-b", 10);
  swarm.Tell("leave " + Joined(leaving));
  const Members left = WaitForFleet(controller_, [](const Members& members) { return members.size() == 210; });
  for (const std::string& name : leaving) EXPECT_FALSE(left.contains(name)) << name;
  EXPECT_THAT(MovedSince(after, left), IsEmpty());
  EXPECT_EQ(VariantsOf(PlanOf(controller_, plan.id())), VariantsOf(plan)) << "plans keep their history";

  // The optimum of the whole fleet, on demand.
  const v1::Plan again = Propose(controller_, "1.0.0");
  std::cout << "join plans moved 40 gateways; after 10 have left the optimum moves " << again.moves() << " more\n";
  EXPECT_TRUE(again.solution().proven());
  EXPECT_GT(again.moves(), 0u);
  ApproveAndEnact(controller_, again.id());
  const auto variants = VariantsOf(PlanOf(controller_, again.id()));
  const Members best = WaitForFleet(controller_, [&](const Members& members) {
    return AllInSync(members) && std::all_of(variants.begin(), variants.end(), [&](const auto& entry) {
             return members.at(entry.first).running() == entry.second;
           });
  });
  EXPECT_EQ(MovedSince(left, best).size(), again.moves());
  ExpectRulesHold(best);
  EXPECT_EQ(Propose(controller_, "1.0.0").moves(), 0u);
}

TEST_F(FleetOf200, AControllerThatIsKilledWhileItTellsTheFleetComesToTheSameEnd) {
  const TestSwarm swarm(controller_, 200);
  Deploy("1.0.0", "approve");
  const Members before = MembersOf(controller_);
  CHECK(controller_.Push(FleetRelease("2.0.0", "approve"), folder_.path()).has_value());
  const v1::Plan plan = PlanOf(controller_, Propose(controller_, "2.0.0").id());
  EXPECT_EQ(plan.moves(), 200u);

  // What is under way to the broker from now on are desired states.
  ASSERT_TRUE(swarm.WaitForFigure("acknowledged", [](std::uint64_t gateways) { return gateways == 200; }));
  // A link has at most 100 messages in flight: a broker that stands still gets some of the 200, but not all.
  ASSERT_EQ(kill(broker_.pid(), SIGSTOP), 0);
  ApproveAndEnact(controller_, plan.id());
  const bool told = WaitFor([&] { return UnreadBytes(broker_.port()) > kSomeDesiredStates; });
  controller_.Kill();
  ASSERT_EQ(kill(broker_.pid(), SIGCONT), 0);
  ASSERT_TRUE(told);
  ASSERT_TRUE(WaitFor([&] { return UnreadBytes(broker_.port()) == 0; }));
  // The models can not be fetched while there is no controller: whoever was told stays so.
  ASSERT_TRUE(swarm.WaitForFigure("deploying", [](std::uint64_t gateways) { return gateways > 0; }));
  const std::uint64_t reached = swarm.Figure("deploying");
  EXPECT_LT(reached, 200u);
  std::cout << "the controller was killed when " << reached << " of 200 gateways had been told\n";

  controller_.Start();
  const Members after = WaitForFleet(controller_, [](const Members& members) {
    return AllInSync(members) && std::all_of(members.begin(), members.end(),
                                             [](const auto& entry) { return entry.second.version() == "2.0.0"; });
  });
  ExpectRuns(after, VariantsOf(plan));
  ExpectRulesHold(after);
  for (const auto& [name, member] : after) EXPECT_EQ(member.revision(), before.at(name).revision() + 1) << name;
  EXPECT_TRUE(swarm.WaitForFigure("acknowledged", [](std::uint64_t gateways) { return gateways == 200; }));
}

TEST_F(FleetOf200, NothingMovesBeforeSomebodyApprovesWhereTheReleaseSaysPropose) {
  const TestSwarm swarm(controller_, 60);
  const v1::Plan plan = Deploy("1.0.0", "propose");
  const Members before = MembersOf(controller_);
  const std::vector<std::string> changed = RunnersOf(before, "big-a", 2);
  swarm.Tell("context " + Joined(changed) + " memory_mb=256");
  swarm.Tell("join 3");
  v1::Plan join;
  ASSERT_TRUE(WaitFor([&] {
    for (const v1::Plan& one : PlansOf(controller_)) {
      if (one.kind() == v1::Plan::KIND_JOIN && one.replaced_by() == 0) join = one;
    }
    return join.moves() == 5;
  })) << join.ShortDebugString();
  EXPECT_EQ(join.state(), v1::Plan::STATE_PROPOSED);
  EXPECT_THAT(join.cause(), HasSubstr("5 joined or changed: "));
  const Members waiting = MembersOf(controller_);
  EXPECT_EQ(waiting.size(), 63u);
  for (const auto& [name, member] : before) EXPECT_EQ(waiting.at(name).revision(), member.revision()) << name;

  ApproveAndEnact(controller_, join.id());
  const Members after = WaitForFleet(controller_, AllInSync);
  EXPECT_EQ(MovedSince(before, after).size(), 5u);
  ExpectRuns(after, VariantsOf(PlanOf(controller_, join.id())));
}

}  // namespace
}  // namespace motley::tests
