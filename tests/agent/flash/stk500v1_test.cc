#include "agent/flash/stk500v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_serial.h"

namespace motley::agent {
namespace {

using testing::HasSubstr;

class Stk500v1Test : public testing::Test {
 protected:
  Result<void> Flash(std::size_t bytes = 1000) {
    image_.bytes.assign(bytes, 0);
    for (std::size_t i = 0; i < bytes; ++i) image_.bytes[i] = static_cast<std::uint8_t>(i * 7);
    const auto port = tests::OpenFakePort(board_);
    return Stk500v1().Flash(*port, *FindBoardType("uno"), image_, [this](std::uint32_t done, std::uint32_t total) {
      progress_ = {done, total};
    });
  }

  tests::FakeBoard board_;
  Image image_;
  std::pair<std::uint32_t, std::uint32_t> progress_;
};

TEST_F(Stk500v1Test, WritesWholePagesAndReadsThemBack) {
  const auto flashed = Flash();
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(std::equal(image_.bytes.begin(), image_.bytes.end(), board_.flash.begin()));
  EXPECT_EQ(board_.flash[1001], 0xFF);
  EXPECT_EQ(board_.pages_written, 8);
  EXPECT_EQ(progress_, (std::pair<std::uint32_t, std::uint32_t>(2048, 2048)));
}

TEST_F(Stk500v1Test, RefusesAChipWithAnotherSignatureBeforeWriting) {
  board_.signature = {0x1E, 0x98, 0x01};
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kInvalid);
  EXPECT_THAT(flashed.error().message, HasSubstr("signature 1e9801, and a uno has 1e950f; nothing was written"));
  EXPECT_EQ(board_.pages_written, 0);
}

TEST_F(Stk500v1Test, RefusesAnImageThatIsTooLargeBeforeResetting) {
  EXPECT_EQ(Flash(32257).error().code, Code::kInvalid);
  EXPECT_EQ(board_.pages_written, 0);
}

TEST_F(Stk500v1Test, GivesUpOnABoardThatStaysSilent) {
  board_.silent = true;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kTimeout);
  EXPECT_THAT(flashed.error().message, HasSubstr("does not answer after 4 resets"));
}

TEST_F(Stk500v1Test, IsNotFooledByAnApplicationThatTalks) {
  board_.talks = true;
  EXPECT_EQ(Flash().error().code, Code::kTimeout);
}

TEST_F(Stk500v1Test, FindsAByteThatDidNotTake) {
  board_.broken_address = 300;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kCorrupt);
  EXPECT_THAT(flashed.error().message, HasSubstr("at 0x012C"));
  EXPECT_EQ(board_.pages_written, 16);  // in two runs
}

TEST_F(Stk500v1Test, SaysThatTheBoardWasPulled) {
  board_.unplug_after = 500;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kUnavailable);
  EXPECT_THAT(flashed.error().message, HasSubstr("was the board unplugged?"));
}

TEST_F(Stk500v1Test, StartsOverOnceWhenNoiseSpoilsAnAnswer) {
  board_.garble_answer = 6;
  const auto flashed = Flash();
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(std::equal(image_.bytes.begin(), image_.bytes.end(), board_.flash.begin()));
  EXPECT_GT(board_.pages_written, 8);
}

}  // namespace
}  // namespace motley::agent
