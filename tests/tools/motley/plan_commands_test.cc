#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/motley/fake_controller.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kPlan[] = R"({"id": "4", "application": "hi", "version": "1.0.0", "state": "STATE_PROPOSED",
  "kind": "KIND_JOIN", "cause": "1 joined or changed: gw-1", "assigned": 1, "unassigned": 0, "moves": 1,
  "doubts": ["variant \"c\": no gateway fits it"],
  "solution": {"cost": "35", "lower_bound": "30", "proven": false, "solver": "ilp", "seconds": 0.5,
    "preference_cost": "5", "rules": [{"name": "balance all", "line": 12, "hard": true},
                                      {"name": "few", "line": 14, "cost": "30"}]},
  "assignments": [{"gateway": "gw-1", "variant": "big", "reason": "by the rules"}]})";

TEST(PlanCommands, ShowCostsByRuleTheBoundMovesAndDoubts) {
  FakeController controller;
  controller.Answer("GET /v1/plans/4", 200, kPlan);
  EXPECT_THAT(controller.Run({"plan", "show", "4"}).output,
              AllOf(HasSubstr("join"), HasSubstr("1 joined or changed: gw-1"), HasSubstr("1 change"),
                    HasSubstr("35, lower bound 30, not proven: at most 5 from optimal (ilp, 0.500 s)"),
                    HasSubstr("doubt: variant \"c\": no gateway fits it"), HasSubstr("balance all  12    hard  0"),
                    HasSubstr("few          14    soft  30"), HasSubstr("preference   -     soft  5")));
}

TEST(PlanCommands, ExplainWhatOtherVariantsWouldCost) {
  FakeController controller;
  controller.Answer("GET /v1/plans/4/explain/gw-1", 200, R"({"gateway": "gw-1", "variant": "a", "reason": "r",
    "verdicts": [{"variant": "a", "fits": true, "reason": "fits"},
                 {"variant": "b", "fits": true, "extra_cost": "12", "reason": "fits, and would change the cost by"},
                 {"variant": "c", "fits": true, "broken": ["rule \"x\""], "reason": "fits, but would break"},
                 {"variant": "d", "reason": "failed"}], "nearest_change": "variant \"d\" needs more"})");
  EXPECT_THAT(controller.Run({"plan", "explain", "4", "gw-1"}).output,
              AllOf(HasSubstr("a        yes   0       planned"), HasSubstr("b        yes   0       +12"),
                    HasSubstr("c        yes   0       breaks a rule"), HasSubstr("d        no    0       -"),
                    HasSubstr("variant \"d\" needs more")));
}

struct ProposalCase {
  std::vector<std::string> arguments;
  std::vector<std::string> body;
};
class Proposals : public testing::TestWithParam<ProposalCase> {};

TEST_P(Proposals, AskForWhatTheWordsSay) {
  FakeController controller;
  controller.Answer("POST /v1/plans", 201, kPlan);
  const Finished run = controller.Run(GetParam().arguments);
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("`motley plan approve 4` puts it into effect"));
  ASSERT_EQ(controller.requests().size(), 1u);
  for (const std::string& part : GetParam().body) EXPECT_THAT(controller.requests()[0].body, HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(
    All, Proposals,
    testing::Values(ProposalCase{{"plan", "propose", "hi"}, {R"("application":"hi")"}},
                    ProposalCase{{"plan", "propose", "hi", "1.0.0", "--solver", "z3", "--time-limit", "2.5"},
                                 {R"("version":"1.0.0")", R"("solver":"z3")", R"("time_limit_ms":2500)"}},
                    ProposalCase{{"plan", "preview", "hi", "1.1.0", "--gateways", "3", "--seed", "x"},
                                 {R"("preview":{"gateways":3,"seed":"x"})"}},
                    ProposalCase{{"plan", "preview", "hi", "1.1.0", "--percent", "5", "--where", "cpus > 1"},
                                 {R"("percent":5)", R"("where":"cpus \u003e 1")"}},
                    ProposalCase{{"plan", "safe-mode", "hi", "gw-1", "gw-2", "--end"},
                                 {R"("safe_mode":{"gateways":["gw-1","gw-2"],"end":true})"}},
                    ProposalCase{{"plan", "shuffle", "hi", "--moves", "4", "--seed", "s"},
                                 {R"("shuffle":{"seed":"s","moves":4})"}}));

TEST(PlanCommands, RefuseWhatMakesNoSenseBeforeTheyAskAnybody) {
  FakeController controller;
  EXPECT_THAT(controller.Run({"plan", "preview", "hi", "1.1.0"}).output, HasSubstr("Give --gateways or --percent"));
  EXPECT_THAT(controller.Run({"plan", "safe-mode", "hi"}).output, HasSubstr("no gateways"));
  EXPECT_EQ(controller.Run({"plan", "shuffle", "hi", "--moves", "1"}).exit_code, 2);
  EXPECT_EQ(controller.Run({"plan", "propose", "hi", "--solver", "oracle"}).exit_code, 2);
  EXPECT_THAT(controller.requests(), testing::IsEmpty());
}

TEST(StatusCommand, ShowsHowDiverseTheFleetIs) {
  FakeController controller;
  controller.Answer("GET /v1/status?site=tags.region", 200, R"({"gateways": 4, "broker_connected": true, "diversity": [
    {"application": "hi", "gateways": 4, "entropy_bits": 0.811, "exposure": 0.75, "site_attribute": "tags.region",
     "variants": [{"version": "1.0.0", "variant": "a", "gateways": 3, "share": 0.75},
                  {"version": "1.0.0", "variant": "b", "gateways": 1, "share": 0.25}],
     "largest_in_site": {"site": "eu", "version": "1.0.0", "variant": "a", "gateways": 2, "of": 2, "share": 1}}]})");
  EXPECT_THAT(controller.Run({"status", "--site", "tags.region"}).output,
              AllOf(HasSubstr("1.0.0/a 75 %, 1.0.0/b 25 %"), HasSubstr("0.81 bits"), HasSubstr("75 %"),
                    HasSubstr("100 % of 1.0.0/a (2 of 2) in eu")));
}

}  // namespace
}  // namespace motley::tests
