#include "controller/rollout/wanted_columns.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using controller::WantedByRow;
using controller::WantedColumn;

v1::Context WithMemory(std::uint64_t memory_mb) {
  v1::Context context;
  context.set_memory_mb(memory_mb);
  return context;
}

/// By gateway: what it has, as text.
using ByGateway = std::map<std::string, std::string>;

/// A fleet with columns of the test's own beside the rollout's.
class WantedColumnsTest : public testing::Test {
 protected:
  void Start() {
    safe_modes_.emplace(controller::SafeModes::Create(*core_.store).value());
    columns_ = std::make_unique<controller::WantedColumns>(*core_.registry, *safe_modes_);
  }

  ByGateway Read(const WantedByRow& wanted) const {
    ByGateway read;
    const FleetIndex& index = core_.registry->view().index();
    index.Rows().ForEach([&](std::size_t row) {
      const auto* one = wanted.At(static_cast<FleetIndex::Row>(row));
      if (one != nullptr) read[std::string(index.Name(static_cast<FleetIndex::Row>(row)))] = one->Text();
    });
    return read;
  }
  ByGateway Read(std::map<std::string, WantedColumn>& columns) {
    const auto found = columns.find("greeter");
    return found == columns.end() ? ByGateway() : Read(found->second.Share(found->second.Kinds()));
  }

  /// What a walk over all gateways finds.
  ByGateway Walk() const {
    ByGateway found;
    for (const auto& [id, twin] : core_.registry->twins()) {
      if (!core_.registry->view().index().Find(id)) continue;
      for (const auto& application : twin.desired().applications()) {
        found[id] = application.version() + "/" + application.variant();
      }
    }
    return found;
  }

  void Want(const std::string& gateway, const std::string& version, const std::string& variant) {
    v1::DesiredState state = core_.registry->Find(gateway)->desired();
    state.set_gateway(gateway);
    state.set_revision(core_.registry->Find(gateway)->NextRevision());
    state.clear_applications();
    if (!variant.empty()) {
      v1::DesiredApplication& application = *state.add_applications();
      application.set_application("greeter");
      application.set_version(version);
      application.set_variant(variant);
    }
    core_.registry->SetDesired({state}, [] { return Result<void>(); }).value();
    columns_->Refresh(gateway);
  }

  Core core_;
  std::optional<controller::SafeModes> safe_modes_;
  std::unique_ptr<controller::WantedColumns> columns_;
};

TEST_F(WantedColumnsTest, SayWhatAWalkOverAllGatewaysFindsWhateverHappens) {
  Start();
  std::mt19937 random(3);
  Handle pin;
  bool is_pinned = false;
  int next = 0;
  for (int i = 0; i < 300; ++i) {
    const auto& twins = core_.registry->twins();
    const std::string any =
        twins.empty() ? "" : std::next(twins.begin(), static_cast<std::ptrdiff_t>(random() % twins.size()))->first;
    switch (random() % 6) {
      case 0:
        core_.Enrol("g" + std::to_string(next++), WithMemory(512));
        break;
      case 1:
        if (!any.empty()) core_.registry->Remove(any).value();
        break;
      case 2:
        is_pinned = !is_pinned;
        pin = is_pinned ? core_.registry->view().Pin() : Handle();
        break;
      default:
        if (!any.empty()) Want(any, "1." + std::to_string(random() % 3), random() % 4 == 0 ? "" : "any");
        break;
    }
    if (is_pinned) continue;
    ASSERT_EQ(Read(columns_->desired()), Walk()) << i;
  }
  EXPECT_GT(Walk().size(), 5u);
  columns_.reset();
  Start();
  pin.Reset();
  EXPECT_EQ(Read(columns_->desired()), Walk()) << "the same from the start";
}

TEST_F(WantedColumnsTest, StayInAQuestionAsTheyWereWhenItWasAsked) {
  Start();
  for (const char* gateway : {"g1", "g2", "g3"}) core_.Enrol(gateway, WithMemory(512));
  Want("g1", "1.0.0", "any");
  Want("g2", "1.0.0", "big");
  const Handle pin = core_.registry->view().Pin();
  WantedColumn& column = columns_->desired()["greeter"];
  const WantedByRow asked = column.Share(column.Kinds());
  const ByGateway expected = Read(asked);
  Want("g1", "2.0.0", "any");
  Want("g2", "", "");
  core_.registry->Remove("g2").value();
  Want("g3", "2.0.0", "any");
  EXPECT_EQ(expected, (ByGateway{{"g1", "1.0.0/any"}, {"g2", "1.0.0/big"}}));
  EXPECT_EQ(Read(asked), expected);
  EXPECT_EQ(Read(columns_->desired()), (ByGateway{{"g1", "2.0.0/any"}, {"g3", "2.0.0/any"}}));
}

TEST_F(WantedColumnsTest, CountWhatIsNotAskedForAsNothing) {
  Start();
  for (const char* gateway : {"g1", "g2"}) core_.Enrol(gateway, WithMemory(512));
  Want("g1", "1.0.0", "any");
  Want("g2", "1.0.0", "big");
  const WantedByRow asked = columns_->desired()["greeter"].Share({{"0.9.0", "any"}, {"1.0.0", "big"}});
  EXPECT_EQ(Read(asked), (ByGateway{{"g2", "1.0.0/big"}}));
  EXPECT_EQ(asked.PlaceAt(core_.registry->view().index().Find("g2").value()), 2u);
}

TEST_F(WantedColumnsTest, KnowWhatGatewaysInSafeModeGoBackTo) {
  core_.Enrol("g1", WithMemory(4096));
  v1::Release release = core_.MakeRelease("1.0.0");
  release.set_fallback("any");
  core_.catalog->PushRelease(release).value();
  const auto plan = core_.Propose("greeter", "1.0.0").value().id();
  core_.Approve(plan).value();
  core_.rollout->Enact(plan).value();
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.mutable_safe_mode()->add_gateways("g1");
  core_.Propose(request).value();
  // Plans look at what it goes back to.
  const v1::Plan again = core_.Propose("greeter", "1.0.0").value();
  ASSERT_EQ(again.assignments_size(), 1);
  EXPECT_EQ(again.assignments(0).previous(), "1.0.0/big");
  Start();
  EXPECT_EQ(Read(columns_->desired()), (ByGateway{{"g1", "1.0.0/any"}}));
  EXPECT_EQ(Read(columns_->remembered()), (ByGateway{{"g1", "1.0.0/big"}}));
}

}  // namespace
}  // namespace motley::tests
