#include "agent/reconcile/bounded_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_loop.h"

namespace motley::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

/// Keeps every call until a test answers it.
class SlowKind final : public Kind {
 public:
  Result<void> Check(const Instance&) override { return {}; }
  void Inspect(const Instance&, std::function<void(Result<void>)> done) override { acts.push_back(done); }
  void Observe(const Instance&, std::function<void(Observed)> done) override { observations.push_back(done); }
  void Apply(const Instance&, std::function<void(Result<void>)> done) override { acts.push_back(done); }
  void Confirm(const Instance&, std::function<void(Result<void>)> done) override { acts.push_back(done); }
  void Remove(const Instance&, std::function<void(Result<void>)> done) override { acts.push_back(done); }

  std::vector<std::function<void(Observed)>> observations;
  std::vector<std::function<void(Result<void>)>> acts;
};

class BoundedKindTest : public testing::Test {
 protected:
  BoundedKindTest() {
    auto slow = std::make_unique<SlowKind>();
    slow_ = slow.get();
    kind_ = std::make_unique<BoundedKind>(loop_, std::move(slow), KindBounds());
    instance_.application = "app";
    instance_.component.set_name("a");
  }

  std::function<void(Result<void>)> Note() {
    return [this](Result<void> result) { results_.push_back(std::move(result)); };
  }

  tests::FakeLoop loop_;
  SlowKind* slow_ = nullptr;
  std::unique_ptr<BoundedKind> kind_;
  Instance instance_;
  std::vector<Result<void>> results_;
};

TEST_F(BoundedKindTest, GivesAnAnswerOn) {
  kind_->Apply(instance_, Note());
  slow_->acts.at(0)({});
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_TRUE(results_[0].has_value());
  loop_.Advance(minutes(60));
  EXPECT_EQ(results_.size(), 1u);
}

TEST_F(BoundedKindTest, GivesUpAnInspectionWithoutKeepingTheKeyBusy) {
  kind_->Inspect(instance_, Note());
  loop_.Advance(seconds(61));
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].error().message, "could not be inspected within 1 min; try it again");
  slow_->acts.at(0)({});
  EXPECT_EQ(results_.size(), 1u);
  kind_->Apply(instance_, Note());
  slow_->acts.at(1)({});
  ASSERT_EQ(results_.size(), 2u);
  EXPECT_TRUE(results_[1].has_value());
}

TEST_F(BoundedKindTest, GivesUpWhatTakesTooLong) {
  kind_->Remove(instance_, Note());
  loop_.Advance(minutes(16));
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].error().code, Code::kTimeout);
  EXPECT_THAT(results_[0].error().message, HasSubstr("removing did not end within 15 min"));
}

TEST_F(BoundedKindTest, RefusesCallsForWhatIsBusyAndTakesThemAfterwards) {
  kind_->Remove(instance_, Note());
  loop_.Advance(minutes(16));
  kind_->Apply(instance_, Note());
  loop_.RunPosted();
  ASSERT_EQ(results_.size(), 2u);
  EXPECT_THAT(results_[1].error().message, HasSubstr("still busy"));
  Instance other = instance_;
  other.component.set_name("b");
  kind_->Apply(other, Note());
  EXPECT_EQ(slow_->acts.size(), 2u);
  slow_->acts[0]({});
  kind_->Apply(instance_, Note());
  EXPECT_EQ(slow_->acts.size(), 3u);
}

TEST_F(BoundedKindTest, TriesAgainWhatMayPass) {
  kind_->Apply(instance_, Note());
  slow_->acts.at(0)(Error{Code::kUnavailable, "no network"});
  loop_.Advance(seconds(1));
  slow_->acts.at(1)(Error{Code::kUnavailable, "no network"});
  loop_.Advance(seconds(2));
  slow_->acts.at(2)(Error{Code::kUnavailable, "still none"});
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].error().message, "still none");
}

TEST_F(BoundedKindTest, DoesNotTryAgainWhatIsWrong) {
  kind_->Apply(instance_, Note());
  slow_->acts.at(0)(Error{Code::kInvalid, "wrong"});
  EXPECT_EQ(results_.size(), 1u);
  loop_.Advance(minutes(1));
  EXPECT_EQ(slow_->acts.size(), 1u);
}

TEST_F(BoundedKindTest, SaysThatItDoesNotKnowWhatCanNotBeLookedAt) {
  Observed seen;
  kind_->Observe(instance_, [&](const Observed& observed) { seen = observed; });
  loop_.Advance(minutes(2));
  EXPECT_EQ(seen.match, Observed::Match::kUnknown);
  EXPECT_THAT(seen.detail, HasSubstr("within 1 min"));
}

}  // namespace
}  // namespace motley::agent
