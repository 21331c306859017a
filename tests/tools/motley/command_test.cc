#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/base/result.h"
#include "common/crypto/digest.h"
#include "tests/tools/motley/fake_controller.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kPlan[] = R"({"id": "4", "application": "hi", "version": "1.0.0", "state": "STATE_ENACTED",
  "assigned": 1, "unassigned": 1, "assignments": [
    {"gateway": "gw-1", "variant": "big", "previous": "0.9.0/big", "reason": "the only variant that fits"},
    {"gateway": "gw-2", "reason": "no variant fits"}]})";

std::string Status(const std::string& state, const std::string& reason = "") {
  return R"({"gateways": 2, "online": 1, "broker_connected": true, "details": [
    {"id": "gw-1", "online": true, "desired_revision": "3",
     "deployment": {"revision": "3", "state": ")" +
         state + R"(", "reason": ")" + reason + R"("}}, {"id": "gw-2"}]})";
}

TEST(Motley, FindsTheControllerAndItsTokenInTheStateFolder) {
  FakeController controller;
  controller.Answer("GET /v1/status", 200, Status("STATE_DONE"));
  const Finished status = controller.Run({"status"});
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_THAT(status.output, AllOf(HasSubstr("2 gateways: 1 online"), HasSubstr("gw-1     online   done"),
                                   HasSubstr("gw-2     offline  nothing desired")));
  EXPECT_THAT(status.output, Not(HasSubstr("\033"))) << "no colour in a file";
  EXPECT_EQ(controller.requests().front().authorization, "Bearer the-token");
}

TEST(Motley, SaysThatTheControllerLacksItsBroker) {
  FakeController controller;
  controller.Answer("GET /v1/status", 200, "{}");
  EXPECT_THAT(controller.Run({"status"}).output, HasSubstr("not connected to its broker"));
}

TEST(Motley, PrintsTheReplyAsJsonWithTheNamesOfTheInterface) {
  FakeController controller;
  controller.Answer("GET /v1/gateways", 200, R"({"gateways": [{"id": "gw-1", "in_sync": true, "unheard_of": 1}]})");
  const Finished list = controller.Run({"gateway", "list", "--json"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.output, AllOf(StartsWith("{"), HasSubstr(R"("in_sync": true)"), HasSubstr(R"("online": false)"),
                                 Not(HasSubstr("unheard_of"))));
}

struct CodeCase {
  int status;
  const char* code;
  int exit_code;
};
class ErrorReplies : public testing::TestWithParam<CodeCase> {};

TEST_P(ErrorReplies, BecomeTheirExitCodeAndMessage) {
  FakeController controller;
  const CodeCase& row = GetParam();
  controller.Answer("GET /v1/gateways/gw-1", row.status,
                    std::string(R"({"code": ")") + row.code + R"(", "message": "what the controller says"})");
  const Finished show = controller.Run({"gateway", "show", "gw-1"});
  EXPECT_EQ(show.exit_code, row.exit_code);
  EXPECT_EQ(show.output, "motley: error: what the controller says\n");
}

INSTANTIATE_TEST_SUITE_P(All, ErrorReplies,
                         testing::Values(CodeCase{400, "invalid", 2}, CodeCase{404, "not_found", 3},
                                         CodeCase{409, "conflict", 4}, CodeCase{503, "unavailable", 5},
                                         CodeCase{504, "timeout", 6}, CodeCase{422, "corrupt", 7},
                                         CodeCase{403, "denied", 8}, CodeCase{500, "internal", 9}));

struct UsageCase {
  std::vector<std::string> arguments;
  const char* message;
};
class WrongUse : public testing::TestWithParam<UsageCase> {};

TEST_P(WrongUse, ExitsWithTwoAndNamesTheWayOutBeforeItAsksAnybody) {
  FakeController controller;
  const Finished run = controller.Run(GetParam().arguments);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, AllOf(StartsWith("motley: error: "), HasSubstr(GetParam().message)));
  EXPECT_THAT(controller.requests(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongUse,
    testing::Values(UsageCase{{"gatway"}, "unknown command \"gatway\" (did you mean \"gateway\"?); see motley --help"},
                    UsageCase{{"gateway", "lst"}, "(did you mean \"list\"?); see motley gateway --help"},
                    UsageCase{{"plan", "show", "four"}, "see motley plan show --help"},
                    UsageCase{{"gateway", "show"}, "GATEWAY is required; see motley gateway show --help"},
                    UsageCase{{"gateway", "add", "gw-1", "--tag", "region"}, "tag \"region\" lacks its value"},
                    UsageCase{{"gateway", "tag", "gw-1"}, "no tag to set or to remove"},
                    UsageCase{{"telemetry", "gw-1", "--since", "5"}, "\"5\" is neither a duration"},
                    UsageCase{{"release", "push", "f.yaml", "--wait"}, "--approve"},
                    UsageCase{{"plan", "enact", "4", "--wait=soon"}, "--wait"},
                    UsageCase{{"plan", "enact", "4", "--wait=-5"}, "--wait"},
                    UsageCase{{"logs", "gw-1", "--lines", "0"}, "--lines"}));

TEST(Motley, ExitsWithFiveWhenNobodyListens) {
  FakeController controller;
  const std::string nobody = "http://127.0.0.1:" + std::to_string(FreePort());
  const Finished run = controller.Run({"status", "--controller", nobody});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_THAT(run.output, HasSubstr("no connection to " + nobody));
}

TEST(Motley, TakesAnAnswerThatIsNoMessageForCorrupt) {
  FakeController controller;
  controller.Answer("GET /v1/status", 200, "<html>");
  const Finished run = controller.Run({"status"});
  EXPECT_EQ(run.exit_code, ExitCode(Code::kCorrupt));
  EXPECT_THAT(run.output, HasSubstr("is it a Motley controller"));
}

TEST(Motley, AddsAGatewayWithItsTagsAndShowsTheToken) {
  FakeController controller;
  controller.Answer("POST /v1/gateways", 201, R"({"gateway": {"id": "gw-1"}, "enrolment_token": "once"})");
  const Finished add = controller.Run({"gateway", "add", "gw-1", "--tag", "region=eu", "--tag", "a=b=c"});
  EXPECT_EQ(add.exit_code, 0);
  EXPECT_THAT(add.output, HasSubstr("motley-agent --controller " + controller.url() + " --token once"));
  EXPECT_THAT(controller.requests().front().body, AllOf(HasSubstr(R"("region":"eu")"), HasSubstr(R"("a":"b=c")")));
}

TEST(Motley, ShowsNothingOfAGatewayThatCouldSteerATerminal) {
  FakeController controller;
  controller.Answer(
      "POST /v1/gateways/gw-1/logs", 200,
      R"({"lines": [{"time_us": "1", "component": "x", "stream": "out", "text": "a\u001b[2Jb\u009bc"}]})");
  EXPECT_THAT(controller.Run({"logs", "gw-1"}).output, HasSubstr("a\\x1b[2Jb\\x9bc"));
}

TEST(Motley, EnactsWhatItApprovesUnlessItIsToHold) {
  FakeController controller;
  controller.Answer("POST /v1/plans/4/approve", 200, R"({"id": "4"})");
  controller.Answer("POST /v1/plans/4/enact", 200, R"({"id": "4"})");
  controller.Answer("GET /v1/plans/4", 200, kPlan);
  EXPECT_THAT(controller.Run({"plan", "approve", "4"}).output,
              HasSubstr("gw-2     none     -          no variant fits"));
  EXPECT_EQ(controller.Run({"plan", "approve", "4", "--hold"}).exit_code, 0);
  EXPECT_THAT(controller.lines(), ElementsAre("POST /v1/plans/4/approve", "POST /v1/plans/4/enact", "GET /v1/plans/4",
                                              "POST /v1/plans/4/approve", "GET /v1/plans/4"));
}

TEST(Motley, ReadsTelemetryPageAfterPageUpToTheEnd) {
  FakeController controller;
  const std::string first = "GET /v1/gateways/gw-1/telemetry?since=2026-01-31T12%3A00%3A00Z&metric=cpu_percent";
  controller.Answer(first, 200,
                    R"({"samples": [{"time_us": "2", "source": "agent", "metric": "cpu_percent", "value": 1}],
                                    "cursor": "c1", "more": true})");
  controller.Answer(first + "&after=c1", 200,
                    R"({"samples": [{"time_us": "3", "source": "agent", "metric": "cpu_percent", "value": 7.25}],
                        "cursor": "c2"})");
  const Finished run =
      controller.Run({"telemetry", "gw-1", "--since", "2026-01-31T12:00:00Z", "--metric", "cpu_percent"});
  EXPECT_THAT(run.output, AllOf(HasSubstr("1.0 %"), HasSubstr("7.2 %")));
  EXPECT_EQ(controller.requests().size(), 2u);
}

class ReleasePush : public testing::Test {
 protected:
  ReleasePush() {
    std::filesystem::create_directory(controller_.folder() / "bin");
    std::ofstream(controller_.folder() / "bin/hi") << "echo hi";
    std::ofstream(file_) << R"(application: hi
version: 1.0.0
artifacts:
  hi: {file: bin/hi}
template:
  components:
    hi: {kind: process, artifact: hi}
variants:
  - name: big
)";
    controller_.Answer("PUT " + artifact_ + "?name=hi", 201, R"({"name": "hi"})");
    controller_.Answer("POST /v1/releases", 201, R"({"application": "hi", "version": "1.0.0"})");
    controller_.Answer("POST /v1/plans", 201, kPlan);
    controller_.Answer("POST /v1/plans/4/approve", 200, R"({"id": "4"})");
    controller_.Answer("POST /v1/plans/4/enact", 200, R"({"id": "4"})");
    controller_.Answer("GET /v1/plans/4", 200, kPlan);
  }

  FakeController controller_;
  const std::string file_ = controller_.folder() / "hi.yaml";
  const std::string artifact_ = "/v1/artifacts/" + std::string("sha256%3A") + Sha256("echo hi").substr(7);
};

TEST_F(ReleasePush, UploadsWhatIsMissingAndProposesAPlan) {
  const Finished push = controller_.Run({"release", "push", file_});
  EXPECT_EQ(push.exit_code, 0) << push.output;
  EXPECT_THAT(push.output, HasSubstr("gw-1     big      0.9.0/big  the only variant that fits"));
  EXPECT_THAT(push.output, HasSubstr("`motley plan approve 4` puts it into effect"));
  EXPECT_THAT(controller_.lines(),
              ElementsAre("HEAD " + artifact_, "PUT " + artifact_ + "?name=hi", "POST /v1/releases", "POST /v1/plans"));
  EXPECT_EQ(controller_.requests()[1].body, "echo hi");
  EXPECT_THAT(controller_.requests()[2].body, HasSubstr(Sha256("echo hi")));
}

TEST_F(ReleasePush, DoesNotUploadWhatTheCatalogueHas) {
  controller_.Answer("HEAD " + artifact_, 200, "");
  EXPECT_EQ(controller_.Run({"release", "push", file_}).exit_code, 0);
  EXPECT_THAT(controller_.lines(), ElementsAre("HEAD " + artifact_, "POST /v1/releases", "POST /v1/plans"));
}

TEST_F(ReleasePush, WaitsUntilAllAreThrough) {
  controller_.Answer("GET /v1/status", 200, Status("STATE_APPLYING"));
  controller_.Answer("GET /v1/status", 503, R"({"code": "unavailable", "message": "restarting"})");
  controller_.Answer("GET /v1/status", 200, Status("STATE_DONE"));
  const Finished push = controller_.Run({"release", "push", file_, "--approve", "--wait=20"});
  EXPECT_EQ(push.exit_code, 0) << push.output;
  EXPECT_THAT(push.output, HasSubstr("1 of 1 gateways done"));
}

TEST_F(ReleasePush, ExitsWithFiveAndTheReasonWhenAGatewayFails) {
  controller_.Answer("GET /v1/status", 200, Status("STATE_FAILED", "blink: no hello"));
  const Finished push = controller_.Run({"release", "push", file_, "--approve", "--wait=20"});
  EXPECT_EQ(push.exit_code, 5);
  EXPECT_THAT(push.output, HasSubstr("motley: error: gw-1: blink: no hello"));
}

TEST_F(ReleasePush, ExitsWithSixWhenTimeIsUp) {
  controller_.Answer("GET /v1/status", 200, Status("STATE_APPLYING"));
  const Finished push = controller_.Run({"release", "push", file_, "--approve", "--wait=1"});
  EXPECT_EQ(push.exit_code, 6);
  EXPECT_THAT(push.output, HasSubstr("gw-1; the deployment goes on, see `motley status`"));
}

TEST_F(ReleasePush, NamesTheLineOfAnArtifactThatIsNotThere) {
  std::filesystem::remove(controller_.folder() / "bin/hi");
  const Finished push = controller_.Run({"release", "push", file_});
  EXPECT_EQ(push.exit_code, 3);
  EXPECT_THAT(push.output, HasSubstr(file_ + ":4: artifact \"hi\""));
  EXPECT_THAT(controller_.requests(), testing::IsEmpty());
}

TEST_F(ReleasePush, RendersWithoutAController) {
  const Finished render = controller_.Run({"release", "render", file_}, {{"MOTLEY_STATE", "/nowhere"}});
  EXPECT_EQ(render.exit_code, 0) << render.output;
  EXPECT_THAT(render.output, HasSubstr(Sha256("echo hi")));
}

TEST(Motley, HelpHasExamplesForEachCommand) {
  FakeController controller;
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{{},
                                                                                       {"gateway"},
                                                                                       {"gateway", "add"},
                                                                                       {"gateway", "tag"},
                                                                                       {"gateway", "token"},
                                                                                       {"gateway", "retry"},
                                                                                       {"artifact", "push"},
                                                                                       {"release", "push"},
                                                                                       {"release", "render"},
                                                                                       {"plan", "approve"},
                                                                                       {"plan", "explain"},
                                                                                       {"status"},
                                                                                       {"telemetry"},
                                                                                       {"logs"},
                                                                                       {"completion", "bash"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    const Finished help = controller.Run(arguments);
    EXPECT_EQ(help.exit_code, 0);
    std::string call = "  motley";
    for (const std::string& word : command) call += " " + word;
    EXPECT_THAT(help.output, AllOf(HasSubstr("Example"), HasSubstr(call)));
  }
}

TEST(Motley, CompletesCommandsAndOptionsInBash) {
  FakeController controller;
  const std::string script = controller.folder() / "completion";
  std::ofstream(script) << controller.Run({"completion", "bash"}).output;
  const auto complete = [&](const std::string& words, int at) {
    return RunProgram({"bash", "-c",
                       "source " + script + "; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
                           "; _motley; echo ${COMPREPLY[@]}"})
        .output;
  };
  EXPECT_EQ(complete("motley gat", 1), "gateway\n");
  EXPECT_EQ(complete("motley --json plan app", 3), "approve\n");
  EXPECT_EQ(complete("motley plan approve --ho", 3), "--hold\n");
}

}  // namespace
}  // namespace motley::tests
