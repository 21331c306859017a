// What MCUboot does with two slots, and with a reset at any moment of it.
#include "tools/smpsim/mcuboot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/smpsim/bench.h"

namespace motley::smpsim {
namespace {

/// By the document: magic, and image_ok where it is for good.
void Request(Bench& bench, SwapType type) {
  auto slot = bench.chip().flash().subspan(kSlotOffsets[1], kSlotBytes);
  std::copy(Trailer::kMagicBytes.begin(), Trailer::kMagicBytes.end(), slot.begin() + Trailer::kMagic);
  if (type == SwapType::kPermanent) slot[Trailer::kImageOk] = Trailer::kSet;
}

void Confirm(Bench& bench) { bench.chip().flash()[kSlotOffsets[0] + Trailer::kImageOk] = Trailer::kSet; }

class McubootTest : public testing::Test {
 protected:
  void Start() {
    bench_.Reset();
    ASSERT_TRUE(bench_.RunUntil([&] { return bench_.RunsApplication(); }));
  }

  const std::vector<std::uint8_t> old_ = ImageOf("1.0.0", 10'000);
  const std::vector<std::uint8_t> new_ = ImageOf("1.1.0", 14'000);
  Bench bench_{old_};
};

TEST_F(McubootTest, StartsTheImageInTheFirstSlotWhenNothingIsAskedFor) {
  bench_.Put(1, new_);
  Start();
  EXPECT_EQ(bench_.Slots(), "slot0=1.0.0,active,confirmed slot1=1.1.0");
  ASSERT_TRUE(bench_.RunUntil([&] { return bench_.TakeOutput() == "hello firmware=blink version=1.0.0\r\n"; }));
}

TEST_F(McubootTest, StartsAnImageOnTrialOnceAndThenGoesBack) {
  bench_.Put(1, new_);
  Request(bench_, SwapType::kTest);
  EXPECT_EQ(bench_.Slots(), "slot0=1.0.0,active,confirmed slot1=1.1.0,pending");
  Start();
  EXPECT_EQ(bench_.Slots(), "slot0=1.1.0,active slot1=1.0.0,confirmed");
  Start();
  EXPECT_EQ(bench_.Slots(), "slot0=1.0.0,active,confirmed slot1=1.1.0");
  EXPECT_TRUE(bench_.Holds(0, old_));
  EXPECT_TRUE(bench_.Holds(1, new_));
  Start();
  EXPECT_EQ(bench_.Slots(), "slot0=1.0.0,active,confirmed slot1=1.1.0");
}

TEST_F(McubootTest, KeepsWhatWasConfirmedOrAskedForGood) {
  bench_.Put(1, new_);
  Request(bench_, SwapType::kTest);
  Start();
  Confirm(bench_);
  EXPECT_EQ(bench_.Slots(), "slot0=1.1.0,active,confirmed slot1=1.0.0");
  Start();
  EXPECT_TRUE(bench_.Holds(0, new_));
  Request(bench_, SwapType::kPermanent);
  EXPECT_EQ(bench_.Slots(), "slot0=1.1.0,active,confirmed slot1=1.0.0,pending,permanent");
  Start();
  Start();
  EXPECT_EQ(bench_.Slots(), "slot0=1.0.0,active,confirmed slot1=1.1.0");
}

TEST_F(McubootTest, ErasesWhatIsNotIntactOrNotSigned) {
  auto broken = new_;
  broken[5000] ^= 1;
  bench_.Put(1, broken);
  Request(bench_, SwapType::kTest);
  Start();
  EXPECT_EQ(bench_.Slots(), "slot0=1.0.0,active,confirmed slot1=none");
  bench_.Put(1, new_);
  Request(bench_, SwapType::kTest);
  bench_.Execute("reject on");
  Start();
  EXPECT_EQ(bench_.Slots(), "slot0=1.0.0,active,confirmed slot1=none");
  EXPECT_TRUE(bench_.Holds(0, old_));
}

TEST_F(McubootTest, HangsWithoutAnIntactImage) {
  bench_.chip().flash()[kSlotOffsets[0] + 4000] ^= 1;
  bench_.Reset();
  while (bench_.Step()) {
  }
  EXPECT_FALSE(bench_.RunsApplication());
}

TEST_F(McubootTest, TakesTheTimeThatTheChipNeeds) {
  bench_.Put(1, new_);
  Request(bench_, SwapType::kTest);
  Start();
  // 4 sectors are moved, and 4 come from either side: 85 ms to erase each, and 1024 words at 41 us.
  const auto swap = 12 * (85'000 + 1024 * 41);
  EXPECT_GT(bench_.now().count(), swap);
  EXPECT_LT(bench_.now().count(), swap + 500'000);
}

/// A reset at each moment of a swap, and at that one of the swap back.
TEST_F(McubootTest, EndsASwapThatIsCutOffAnywhere) {
  constexpr char kOnTrial[] = "slot0=1.1.0,active slot1=1.0.0,confirmed";
  constexpr char kBack[] = "slot0=1.0.0,active,confirmed slot1=1.1.0";
  constexpr char kKept[] = "slot0=1.1.0,active,confirmed slot1=1.0.0";
  int moments = 0, kept = 0;
  for (bool cut = true; cut; ++moments) {
    Bench bench(old_);
    bench.Put(1, new_);
    Request(bench, SwapType::kTest);
    const auto start_cut_after = [&](int steps) {
      bench.Reset();
      for (int step = 0; step < steps && !bench.RunsApplication(); ++step) ASSERT_TRUE(bench.Step());
      cut = !bench.RunsApplication();
      if (cut) bench.Reset();
      ASSERT_TRUE(bench.RunUntil([&] { return bench.RunsApplication(); })) << moments;
    };
    start_cut_after(moments);
    // What was cut off between the last record and its first instruction has had its trial.
    if (bench.Slots() == kOnTrial) {
      EXPECT_TRUE(bench.Holds(0, new_) && bench.Holds(1, old_)) << moments;
      start_cut_after(moments);
    } else {
      EXPECT_GT(moments, 36);
    }
    if (bench.Slots() == kKept) {
      EXPECT_TRUE(bench.Holds(0, new_) && bench.Holds(1, old_)) << moments;
      ++kept;
      continue;
    }
    EXPECT_EQ(bench.Slots(), kBack) << moments;
    EXPECT_TRUE(bench.Holds(0, old_) && bench.Holds(1, new_)) << moments;
  }
  // The mark of the swap back takes 164 us to write, and is no mark until then: MCUboot's tables call that nothing to
  // do.
  EXPECT_EQ(kept, 1);
  EXPECT_GT(moments, 36);
}

}  // namespace
}  // namespace motley::smpsim
