#include "agent/exec/command_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>

#include "tests/support/folder.h"
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

UniqueFd Nothing() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

Result<std::string> ReadAll(CommandStream& stream) {
  std::string text;
  std::array<char, 1000> buffer;
  while (true) {
    TRY_ASSIGN(const auto size, stream.Read(buffer));
    if (size == 0) return text;
    text.append(buffer.data(), size);
  }
}

TEST(CommandStream, GivesOutputOfAnySizeAndTheEnd) {
  Command command = Shell("echo hm >&2; head -c 3000000 /dev/zero; exit 3");
  command.output_limit_bytes = 10;
  auto stream = CommandStream::Start(command, Nothing());
  ASSERT_TRUE(stream) << stream.error().message;
  const auto text = ReadAll(*stream);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(text->size(), 3'000'000u);
  const auto end = stream->Finish();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->code, 3);
  EXPECT_EQ(end->error_output, "hm\n");
}

TEST(CommandStream, GivesAFileAsInput) {
  const tests::TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "in", "from a file", 0644));
  auto stream = CommandStream::Start(Shell("cat"), UniqueFd(open((folder / "in").c_str(), O_RDONLY | O_CLOEXEC)));
  ASSERT_TRUE(stream);
  EXPECT_EQ(*ReadAll(*stream), "from a file");
}

TEST(CommandStream, TellsOfASignalAsShellsDo) {
  auto stream = CommandStream::Start(Shell("kill -9 $$"), Nothing());
  ASSERT_TRUE(stream);
  EXPECT_EQ(*ReadAll(*stream), "");
  EXPECT_EQ(stream->Finish()->code, 128 + SIGKILL);
}

TEST(CommandStream, EndsWhatDoesNotEndByItself) {
  Command command = Shell("echo so far; exec sleep 1000");
  command.deadline = milliseconds(300);
  auto stream = CommandStream::Start(command, Nothing());
  ASSERT_TRUE(stream);
  const auto text = ReadAll(*stream);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::kTimeout);
  EXPECT_THAT(text.error().message, HasSubstr("sh did not end within 300 ms"));
}

TEST(CommandStream, EndsWhatClosesItsOutputAndGoesOn) {
  Command command = Shell("exec sleep 1000 >&- 2>&-");
  command.deadline = milliseconds(300);
  auto stream = CommandStream::Start(command, Nothing());
  ASSERT_TRUE(stream);
  EXPECT_EQ(*ReadAll(*stream), "");
  EXPECT_EQ(stream->Finish().error().code, Code::kTimeout);
}

TEST(CommandStream, EndsAProgramThatWritesTooManyErrors) {
  Command command = Shell("yes >&2");
  command.output_limit_bytes = 1000;
  auto stream = CommandStream::Start(command, Nothing());
  ASSERT_TRUE(stream);
  EXPECT_THAT(ReadAll(*stream).error().message, HasSubstr("more than 1000 bytes"));
}

TEST(CommandStream, TakesTheProgramAndItsChildrenWithIt) {
  pid_t grandchild = 0;
  {
    auto stream = CommandStream::Start(Shell("sleep 1000 & echo $!; wait"), Nothing());
    ASSERT_TRUE(stream);
    std::array<char, 100> buffer;
    const auto size = stream->Read(buffer);
    ASSERT_TRUE(size && *size > 0);
    grandchild = std::stoi(std::string(buffer.data(), *size));
    EXPECT_EQ(kill(grandchild, 0), 0);
  }
  EXPECT_TRUE(tests::WaitFor([&] { return kill(grandchild, 0) != 0; }));
}

TEST(CommandStream, SaysWhichProgramIsNotThere) {
  Command command;
  command.arguments = {"/no/such-program"};
  const auto stream = CommandStream::Start(command, Nothing());
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, Code::kNotFound);
  EXPECT_THAT(stream.error().message, HasSubstr("/no/such-program"));
}

}  // namespace
}  // namespace motley::agent
