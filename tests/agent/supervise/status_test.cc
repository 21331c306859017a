#include "agent/supervise/status.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "common/files/files.h"
#include "tests/agent/supervise/small_disk.h"

namespace motley::agent {
namespace {

SupervisorStatus Example() {
  SupervisorStatus status;
  status.state = SupervisedState::kBackoff;
  CopyText("sha256:12", status.instance);
  status.supervisor = 4711;
  status.restarts = 3;
  status.ends_in_a_row = 2;
  status.started_us = 1700000000000001;
  status.started_ms = 5000;
  status.next_start_ms = 9000;
  status.stop_timeout_ms = 1500;
  status.exit_code = -1;
  status.exit_signal = 11;
  CopyText("was ended by signal 11 (SIGSEGV)", status.reason);
  return status;
}

TEST(SupervisorStatus, IsReadBackAsItWasWritten) {
  SupervisorStatus read;
  ASSERT_TRUE(ParseStatus(FormatStatus(Example()).view(), &read));
  EXPECT_EQ(FormatStatus(read).view(), FormatStatus(Example()).view());
  EXPECT_EQ(read.state, SupervisedState::kBackoff);
  EXPECT_EQ(read.exit_code, -1);
  EXPECT_EQ(read.started_us, 1700000000000001);
  EXPECT_STREQ(read.reason, "was ended by signal 11 (SIGSEGV)");
}

TEST(SupervisorStatus, SkipsKeysOfLaterVersions) {
  SupervisorStatus read;
  ASSERT_TRUE(ParseStatus("state=running\ncolour=blue\nsupervisor=7\nend=1\n", &read));
  EXPECT_EQ(read.supervisor, 7);
}

TEST(SupervisorStatus, IsNotReadWhenItIsCutOffAnywhere) {
  const auto whole = FormatStatus(Example());
  SupervisorStatus read;
  for (std::size_t size = 0; size < whole.view().size(); ++size) {
    EXPECT_FALSE(ParseStatus(whole.view().substr(0, size), &read)) << size;
  }
}

TEST(SupervisorStatus, KeepsAReasonOnOneLine) {
  SupervisorStatus status = Example();
  CopyText("two\nlines", status.reason);
  EXPECT_STREQ(status.reason, "two lines");
  CopyText(std::string(1000, 'x'), status.reason);
  EXPECT_EQ(std::string_view(status.reason).size(), sizeof status.reason - 1);
  SupervisorStatus read;
  EXPECT_TRUE(ParseStatus(FormatStatus(status).view(), &read));
}

TEST(SupervisorStatus, IsStillWrittenOnAFullDisk) {
  tests::SmallDisk disk(64 << 10);
  const UniqueFd folder(open(disk.path().c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_TRUE(WriteStatus(folder.get(), Example(), Durability::kPowerLoss));
  disk.Fill();
  auto status = Example();
  status.state = SupervisedState::kRunning;
  status.restarts = 4;
  EXPECT_TRUE(WriteStatus(folder.get(), status, Durability::kCrashOnly));
  SupervisorStatus read;
  ASSERT_TRUE(ReadStatus(folder.get(), &read));
  EXPECT_EQ(read.restarts, 4u);
  EXPECT_EQ(read.state, SupervisedState::kRunning);
}

}  // namespace
}  // namespace motley::agent
