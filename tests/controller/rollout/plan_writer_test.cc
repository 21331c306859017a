#include "controller/rollout/plan_writer.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using controller::PlanWriter;

/// Two pieces and a bit.
constexpr std::size_t kGateways = PlanWriter::kPiece * 2 + 7;

class PlanWriterTest : public testing::Test {
 protected:
  PlanWriterTest() {
    const auto add = [&]() -> Result<void> {
      for (std::size_t i = 0; i < kGateways; ++i) {
        v1::AddGatewayRequest request;
        request.set_id(NameOf(i));
        TRY(core_.registry->Add(request));
      }
      return {};
    };
    core_.store->Atomically(add).value();
    writer_.emplace(core_.loop, *core_.store, *core_.registry, worker_);
  }

  static std::string NameOf(std::size_t number) { return "g" + std::to_string(10'000 + number); }

  /// All run the old version now; every second one is to get the new one.
  void Write(std::size_t gateways, PlanWriter::Answer answer = PlanWriter::Answer::kWithAssignments) {
    v1::Plan plan;
    plan.set_version("2.0.0");
    plan.set_state(v1::Plan::STATE_PROPOSED);
    std::vector<v1::Assignment> assignments;
    for (std::size_t i = 0; i < gateways; ++i) {
      v1::Assignment& assignment = assignments.emplace_back();
      assignment.set_gateway(NameOf(i));
      assignment.set_previous("1.0.0/any");
      if (i % 2 == 0) assignment.set_variant("any");
    }
    plan.set_assigned(static_cast<std::uint32_t>((gateways + 1) / 2));
    plan.set_unassigned(static_cast<std::uint32_t>(gateways / 2));
    plan.set_moves(plan.assigned());
    writer_->Write(std::move(plan), std::move(assignments), answer,
                   [this](Result<v1::Plan> written) { written_.emplace(std::move(written)); });
  }
  /// After the first piece of a large plan, before the second.
  void InBetween(std::function<void()> task) { between_ = core_.loop.After(std::chrono::seconds(0), std::move(task)); }

  int Plans() { return core_.store->plans().List().value().plans_size(); }
  bool IsStored(std::uint64_t plan, std::size_t gateway) {
    return core_.store->plans().FindAssignment(plan, NameOf(gateway)).value().has_value();
  }

  Core core_;
  Worker worker_{core_.loop, "freeing"};
  std::optional<PlanWriter> writer_;
  std::optional<Result<v1::Plan>> written_;
  Handle between_;
};

TEST_F(PlanWriterTest, StoresASmallPlanAtOnce) {
  Write(PlanWriter::kPiece);
  ASSERT_TRUE(written_.has_value());
  EXPECT_EQ((*written_)->assignments_size(), static_cast<int>(PlanWriter::kPiece));
  EXPECT_EQ(Plans(), 1);
  EXPECT_FALSE(core_.registry->view().pinned());
}

TEST_F(PlanWriterTest, LetsTheLoopDoOtherThingsBetweenThePiecesOfALargePlan) {
  Write(kGateways);
  bool came = false;
  InBetween([&] {
    came = true;
    EXPECT_FALSE(written_.has_value());
    EXPECT_TRUE(IsStored(1, 0));
    EXPECT_FALSE(IsStored(1, kGateways - 1));
    EXPECT_EQ(Plans(), 0) << "nobody finds half a plan";
    EXPECT_FALSE(core_.store->plans().Find(1)->has_value());
    EXPECT_TRUE(core_.registry->view().pinned());
  });
  ASSERT_TRUE(core_.loop.RunUntil([&] { return written_.has_value(); }));
  EXPECT_TRUE(came);
  ASSERT_TRUE(written_->has_value());
  EXPECT_EQ((*written_)->id(), 1u);
  EXPECT_EQ((*written_)->assignments_size(), static_cast<int>(kGateways));
  EXPECT_EQ((*written_)->assignments(7).gateway(), NameOf(7));
  EXPECT_EQ(Plans(), 1);
  EXPECT_EQ(core_.store->plans().Find(1).value()->assignments_size(), 0);
  EXPECT_TRUE(IsStored(1, kGateways - 1));
  EXPECT_FALSE(core_.registry->view().pinned());
}

TEST_F(PlanWriterTest, LeavesOutWhoHasGoneMeanwhileAndDoesNotCountThem) {
  Write(kGateways, PlanWriter::Answer::kWithoutAssignments);
  InBetween([&] {
    core_.registry->Remove(NameOf(kGateways - 1)).value();
    core_.registry->Remove(NameOf(kGateways - 2)).value();
  });
  ASSERT_TRUE(core_.loop.RunUntil([&] { return written_.has_value(); }));
  const v1::Plan& plan = **written_;
  EXPECT_EQ(plan.assignments_size(), 0);
  EXPECT_EQ(plan.assigned(), PlanWriter::kPiece + 3);
  EXPECT_EQ(plan.unassigned(), PlanWriter::kPiece + 2);
  EXPECT_EQ(plan.moves(), PlanWriter::kPiece + 3);
  EXPECT_FALSE(IsStored(1, kGateways - 1));
  EXPECT_TRUE(IsStored(1, kGateways - 3));
}

TEST_F(PlanWriterTest, StoresOneLargePlanAfterTheOther) {
  Write(kGateways);
  Write(kGateways - 1);
  ASSERT_TRUE(core_.loop.RunUntil([&] { return written_.has_value() && (*written_)->id() == 2; }));
  EXPECT_EQ((*written_)->assignments_size(), static_cast<int>(kGateways) - 1);
  EXPECT_EQ(Plans(), 2);
}

TEST_F(PlanWriterTest, LeavesNothingOfAPlanInWhichTheControllerIsStopped) {
  Write(kGateways);
  InBetween([&] { writer_.reset(); });
  ASSERT_TRUE(core_.loop.RunUntil([&] { return !writer_.has_value(); }));
  core_.loop.RunPosted();
  ASSERT_TRUE(IsStored(1, 0));
  core_.Restart();
  EXPECT_FALSE(IsStored(1, 0));
  EXPECT_EQ(Plans(), 0);
  EXPECT_FALSE(written_.has_value());
}

}  // namespace
}  // namespace motley::tests
