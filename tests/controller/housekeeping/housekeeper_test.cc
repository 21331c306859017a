#include "controller/housekeeping/housekeeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

class HousekeeperTest : public testing::Test {
 protected:
  HousekeeperTest() { core_.Enrol("g1"); }
  ~HousekeeperTest() override { housekeeper_.reset(); }

  void Start(const controller::HousekeepingOptions& options) {
    housekeeper_ = std::make_unique<controller::Housekeeper>(core_.loop, *core_.store, *core_.catalog, *core_.registry,
                                                             *core_.rollout, options);
  }
  Result<v1::ArtifactCollection> Collect(std::uint32_t unused_for_hours, bool dry_run = true) {
    v1::CollectArtifactsRequest request;
    request.set_dry_run(dry_run);
    request.set_unused_for_hours(unused_for_hours);
    std::optional<Result<v1::ArtifactCollection>> answer;
    housekeeper_->CollectArtifacts(
        request, [&](Result<v1::ArtifactCollection> collected) { answer.emplace(std::move(collected)); });
    EXPECT_TRUE(core_.loop.RunUntil([&] { return answer.has_value(); }));
    return *std::move(answer);
  }
  /// Lets days pass; what is begun on one ends before the next.
  void Live(int days) {
    for (; days > 0; --days) {
      core_.loop.Advance(hours(24));
      bool refused = false;
      bool ended = false;
      v1::CollectArtifactsRequest request;
      request.set_dry_run(true);
      const auto ask = [&] {
        refused = false;
        housekeeper_->CollectArtifacts(request, [&](const Result<v1::ArtifactCollection>& collected) {
          refused = !collected;
          ended = !refused;
        });
        return !refused;
      };
      ASSERT_TRUE(core_.loop.RunUntil(ask));
      ASSERT_TRUE(core_.loop.RunUntil([&] { return ended; }));
    }
  }
  bool Has(const std::string& version) { return core_.catalog->Release("greeter", version).has_value(); }

  Core core_;
  std::unique_ptr<controller::Housekeeper> housekeeper_;
};

TEST_F(HousekeeperTest, DeletesPlansReleasesAndArtifactsAgainAndAgain) {
  controller::HousekeepingOptions options;
  options.releases_kept = 1;
  options.plans.keep = hours(48);
  Start(options);
  const auto loose = core_.AddArtifact("loose", "loose");
  for (const char* version : {"1.0.0", "2.0.0"}) core_.Deploy(version);
  Live(2);
  EXPECT_TRUE(core_.rollout->Show(1));
  Live(2);
  EXPECT_FALSE(core_.rollout->Show(1));
  EXPECT_TRUE(core_.rollout->Show(2));
  EXPECT_TRUE(Has("1.0.0"));
  EXPECT_TRUE(core_.catalog->Find(loose.digest()));
  Live(5);
  EXPECT_FALSE(core_.catalog->Find(loose.digest()));
  EXPECT_FALSE(Has("1.0.0"));
  EXPECT_FALSE(core_.catalog->Find(Sha256("program 1.0.0")));
  EXPECT_TRUE(Has("2.0.0"));
  EXPECT_TRUE(core_.catalog->Find(Sha256("program 2.0.0")));
}

TEST_F(HousekeeperTest, KeepsReleasesUnlessItIsToldOtherwise) {
  Start({});
  for (const char* version : {"1.0.0", "2.0.0"}) core_.Deploy(version);
  Live(92);
  EXPECT_TRUE(Has("1.0.0"));
  EXPECT_FALSE(core_.rollout->Show(1));
}

TEST_F(HousekeeperTest, DoesNothingByItselfWhereItIsNotTo) {
  controller::HousekeepingOptions options;
  options.every = hours(0);
  Start(options);
  const auto loose = core_.AddArtifact("loose", "loose");
  core_.loop.Advance(hours(24) * 100);
  EXPECT_TRUE(core_.catalog->Find(loose.digest()));
  EXPECT_EQ(Collect(0, /*dry_run=*/false).value().freed_bytes(), 5u);
  EXPECT_FALSE(core_.catalog->Find(loose.digest()));
}

TEST_F(HousekeeperTest, CollectsOnDemandByTheGraceOfTheRequest) {
  controller::HousekeepingOptions options;
  options.every = hours(0);
  Start(options);
  core_.AddArtifact("loose", "loose");
  core_.loop.Advance(hours(3));
  EXPECT_EQ(Collect(0).value().count(), 0u);
  EXPECT_EQ(Collect(4).value().count(), 0u);
  EXPECT_EQ(Collect(2).value().count(), 1u);
  EXPECT_THAT(Collect(100'000).error().message, HasSubstr("unused_for_hours 100000 is over the limit of 87840"));
}

}  // namespace
}  // namespace motley::tests
