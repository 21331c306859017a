// The flash of a board with MCUboot is cut off at each of its messages. What the board holds is found in its memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "tests/agent/flash/smp_boards.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int kBoards = 4;
constexpr std::size_t kProgramBytes = 9'000;
/// More than a flash of such an image has.
constexpr int kMaxMessages = 80;

class SmpCutTest : public testing::Test {
 protected:
  SmpCutTest() {
    for (int board = 0; board < kBoards; ++board) {
      boards_.Tell(board, {"flash-time", "off"});
      boards_.Tell(board, {"pace", "off"});
    }
  }

  /// Until `image` runs on trial, and keeps it.
  void FlashAndKeep(int board, const std::string& image) const {
    const std::uint64_t resets = boards_.Statistic(board, "resets");
    const auto flashed = boards_.Flash(board, image);
    ASSERT_EQ(flashed.exit_code, 0) << flashed.output;
    ASSERT_TRUE(WaitFor([&] { return boards_.Statistic(board, "resets") > resets; }));
    ASSERT_TRUE(WaitFor([&] { return boards_.StateWord(board, "runs") == "application"; }));
    const auto kept = boards_.Keep(board, image);
    ASSERT_EQ(kept.exit_code, 0) << kept.output;
    ASSERT_THAT(boards_.Slots(board), HasSubstr(",active,confirmed"));
    ASSERT_TRUE(boards_.Holds(board, image));
  }

  /// At each message in turn: what runs afterwards is the good image; and then the new one, which is kept at every
  /// other message from `first_kept` on, or the good one anew.
  void Sweep(const std::string& option, int first_kept) const {
    std::atomic<int> next{1}, cut_off{0};
    std::vector<std::future<void>> done;
    for (int board = 0; board < kBoards; ++board) {
      done.push_back(std::async(std::launch::async, [&, board] {
        std::string good = boards_.first(), other = second_;
        for (int message = next++; message <= kMaxMessages && !HasFailure(); message = next++) {
          SCOPED_TRACE(option + " " + std::to_string(message));
          if (boards_.Flash(board, other, {option, std::to_string(message)}).exit_code == 0) return;
          ++cut_off;
          ASSERT_TRUE(boards_.Holds(board, good));
          if (message % 2 == first_kept % 2) std::swap(good, other);
          FlashAndKeep(board, good);
        }
      }));
    }
    for (auto& each : done) each.get();
    EXPECT_GE(cut_off, 20);
    EXPECT_LE(cut_off, 60);
  }

  const SmpBoards boards_{kBoards, kProgramBytes};
  const std::string second_ = boards_.Put("1.1.0", kProgramBytes);
};

TEST_F(SmpCutTest, EndsInTheNewOrTheGoodImageWhereverTheProcessIsKilled) { Sweep("--die-at", 1); }

TEST_F(SmpCutTest, EndsInTheNewOrTheGoodImageWhereverTheCableIsOut) { Sweep("--cut-at", 2); }

TEST_F(SmpCutTest, GoesBackToTheGoodImageWhenKeepingItIsCutOff) {
  int reverted = 0, kept = 0;
  for (const char* option : {"--die-at", "--cut-at"}) {
    for (int message = 1;; ++message) {
      SCOPED_TRACE(option + std::to_string(message));
      const std::uint64_t resets = boards_.Statistic(0, "resets");
      ASSERT_EQ(boards_.Flash(0, second_).exit_code, 0);
      ASSERT_TRUE(WaitFor([&] { return boards_.Statistic(0, "resets") > resets; }));
      ASSERT_EQ(boards_.Slots(0), "slot0=1.1.0,active slot1=1.0.0,confirmed");
      const bool whole = boards_.Keep(0, second_, {option, std::to_string(message)}).exit_code == 0;
      boards_.Tell(0, {"reset"});
      const std::string slots = boards_.Slots(0);
      if (slots == "slot0=1.0.0,active,confirmed slot1=1.1.0") {
        EXPECT_TRUE(boards_.Holds(0, boards_.first()));
        ++reverted;
      } else {
        EXPECT_EQ(slots, "slot0=1.1.0,active,confirmed slot1=1.0.0");
        EXPECT_TRUE(boards_.Holds(0, second_));
        ++kept;
      }
      FlashAndKeep(0, boards_.first());
      if (whole) break;
    }
  }
  // Of reading, confirming and reading once more, the first two come before the board has been told.
  EXPECT_EQ(reverted, 4);
  EXPECT_EQ(kept, 4);
}

TEST_F(SmpCutTest, EndsASwapThatIsCutOff) {
  boards_.Tell(0, {"flash-time", "on"});
  for (const std::uint64_t sectors : {0, 1, 2}) {
    const std::uint64_t resets = boards_.Statistic(0, "resets");
    const std::uint64_t swapped = boards_.Statistic(0, "swapped_sectors");
    ASSERT_EQ(boards_.Flash(0, second_).exit_code, 0);
    ASSERT_TRUE(WaitFor([&] { return boards_.Statistic(0, "resets") > resets; }));
    ASSERT_TRUE(WaitFor([&] { return boards_.Statistic(0, "swapped_sectors") >= swapped + sectors; }));
    boards_.Tell(0, {"reset"});
    EXPECT_EQ(boards_.Slots(0), "slot0=1.1.0,active slot1=1.0.0,confirmed");
    EXPECT_TRUE(boards_.Holds(0, second_));
    boards_.Tell(0, {"reset"});
    EXPECT_EQ(boards_.Slots(0), "slot0=1.0.0,active,confirmed slot1=1.1.0");
  }
}

}  // namespace
}  // namespace motley::tests
