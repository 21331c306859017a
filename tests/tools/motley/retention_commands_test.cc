#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/result.h"
#include "tests/tools/motley/fake_controller.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RetentionCommands, DeleteReleasesTemplatesAndVariants) {
  FakeController controller;
  controller.Answer("DELETE /v1/releases/blinky/1.0.0", 204, "");
  controller.Answer("DELETE /v1/releases/blinky/1.1.0%2Bb", 204, "");
  controller.Answer("DELETE /v1/templates/blink/1.0.0", 204, "");
  controller.Answer("DELETE /v1/variants/fast/1.0.0", 204, "");
  EXPECT_EQ(controller.Run({"release", "delete", "blinky@1.0.0", "blinky@1.1.0+b"}).output,
            "release blinky 1.0.0 is deleted\nrelease blinky 1.1.0+b is deleted\n");
  EXPECT_EQ(controller.Run({"template", "delete", "blink@1.0.0"}).output, "template blink@1.0.0 is deleted\n");
  EXPECT_EQ(controller.Run({"variant", "delete", "fast@1.0.0"}).output, "variant fast@1.0.0 is deleted\n");
  EXPECT_EQ(controller.Run({"template", "delete", "blink@1.0.0", "--json"}).output, "");
}

TEST(RetentionCommands, EndWithTheReasonOfARefusal) {
  FakeController controller;
  controller.Answer("DELETE /v1/releases/blinky/1.0.0", 409,
                    R"({"code": "conflict", "message": "gateway gw-1 is to run it"})");
  const Finished refused = controller.Run({"release", "delete", "blinky@1.0.0", "blinky@1.1.0"});
  EXPECT_EQ(refused.exit_code, ExitCode(Code::kConflict));
  EXPECT_EQ(refused.output, "motley: error: gateway gw-1 is to run it\n");
  EXPECT_THAT(controller.lines(), ElementsAre("DELETE /v1/releases/blinky/1.0.0"));
}

TEST(RetentionCommands, AskForNothingWhereANameIsWrong) {
  FakeController controller;
  for (const char* what : {"release", "template", "variant"}) {
    const Finished wrong = controller.Run({what, "delete", "blinky"});
    EXPECT_EQ(wrong.exit_code, ExitCode(Code::kInvalid));
    EXPECT_THAT(wrong.output, HasSubstr("\"blinky\" has no version; write NAME@VERSION"));
  }
  EXPECT_EQ(controller.Run({"release", "delete", "blinky@1.0.0", "x"}).exit_code, ExitCode(Code::kInvalid));
  EXPECT_THAT(controller.requests(), IsEmpty());
}

TEST(RetentionCommands, SayWhatACollectionFreed) {
  FakeController controller;
  controller.Answer("POST /v1/artifacts/collect", 200, R"({"artifacts": [{"digest": "sha256:aa", "size_bytes": "2048",
    "name": "greeter\u001b"}], "count": 3, "leftovers": 1, "freed_bytes": "5000"})");
  const Finished freed = controller.Run({"artifact", "gc"});
  EXPECT_EQ(freed.exit_code, 0);
  EXPECT_THAT(freed.output, AllOf(HasSubstr("greeter\\x1b  2.0 KiB  sha256:aa"), HasSubstr("and 2 more\n"),
                                  HasSubstr("3 artifacts and 1 leftover file: 5000 bytes (4.9 KiB) freed\n")));
  EXPECT_EQ(controller.requests()[0].body, "{}");
}

TEST(RetentionCommands, CollectAsTheyAreTold) {
  FakeController controller;
  controller.Answer("POST /v1/artifacts/collect", 200, R"({"dry_run": true})");
  EXPECT_EQ(controller.Run({"artifact", "gc", "--dry-run", "--unused-for", "2d"}).output,
            "0 artifacts and 0 leftover files: 0 bytes (0 B) would be freed\n");
  EXPECT_EQ(controller.requests()[0].body, R"({"dry_run":true,"unused_for_hours":48})");
  EXPECT_THAT(controller.Run({"artifact", "gc", "--json"}).output, HasSubstr("\"freed_bytes\": \"0\""));
  for (const char* wrong : {"30m", "90m", "0h"}) {
    EXPECT_THAT(controller.Run({"artifact", "gc", "--unused-for", wrong}).output,
                HasSubstr("give whole hours or days"));
  }
  EXPECT_EQ(controller.requests().size(), 2u);
}

}  // namespace
}  // namespace motley::tests
