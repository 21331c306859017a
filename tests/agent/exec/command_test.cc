#include "agent/exec/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/wait.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

Command Shell(const std::string& script) {
  Command command;
  command.arguments = {"/bin/sh", "-c", script};
  return command;
}

TEST(RunCommand, GivesTheExitCodeAndBothOutputs) {
  const auto end = RunCommand(Shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(end->code, 3);
  EXPECT_EQ(end->output, "out\n");
  EXPECT_EQ(end->error_output, "err\n");
  EXPECT_EQ(end->LastWords(), "err");
}

TEST(RunCommand, FeedsInputLargerThanAPipe) {
  Command command = Shell("wc -c");
  command.input = std::string(1 << 20, 'x');
  const auto end = RunCommand(command);
  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(end->output, "1048576\n");
}

TEST(RunCommand, DoesNotMindAProgramThatIgnoresItsInput) {
  Command command = Shell("exec 0<&-; echo done");
  command.input = std::string(1 << 20, 'x');
  const auto end = RunCommand(command);
  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(end->output, "done\n");
}

TEST(RunCommand, EndsWhatDoesNotEndByItselfWithAllItsChildren) {
  Command command = Shell("sleep 1000 & echo $!; wait");
  command.deadline = milliseconds(300);
  const auto end = RunCommand(command);
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code, Code::kTimeout);
  const auto words = end.error().message.rfind(' ');
  const pid_t grandchild = std::stoi(end.error().message.substr(words));
  EXPECT_TRUE(tests::WaitFor([&] { return kill(grandchild, 0) != 0; })) << end.error().message;
}

TEST(RunCommand, EndsAProgramThatWritesTooMuch) {
  Command command = Shell("yes");
  command.output_limit_bytes = 1000;
  const auto end = RunCommand(command);
  ASSERT_FALSE(end.has_value());
  EXPECT_THAT(end.error().message, HasSubstr("more than 1000 bytes"));
}

TEST(RunCommand, SaysWhichProgramIsNotThere) {
  Command command;
  command.arguments = {"no-such-program"};
  const auto end = RunCommand(command);
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().code, Code::kNotFound);
  EXPECT_THAT(end.error().message, HasSubstr("\"no-such-program\""));
}

TEST(RunCommand, GivesOnlyTheEnvironmentThatItWasTold) {
  Command command;
  command.arguments = {"/usr/bin/env"};
  command.environment = {"A=1"};
  const auto end = RunCommand(command);
  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(end->output, "A=1\n");
}

TEST(RunCommand, TellsOfASignalAsShellsDo) {
  const auto end = RunCommand(Shell("kill -9 $$"));
  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(end->code, 128 + SIGKILL);
}

}  // namespace
}  // namespace motley::agent
