#include "agent/reconcile/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/model/graph.h"
#include "tests/fakes/fake_kind.h"
#include "tests/fakes/fake_loop.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::FakeKind;
using tests::FakeLoop;
using tests::FakeWorld;

/// Puts what a test gave it into the store; everything else does not exist.
class FakeFetcher final : public Fetcher {
 public:
  FakeFetcher(Loop& loop, const ArtifactStore& store) : loop_(loop), store_(store) {}
  void Fetch(std::vector<v1::ArtifactRef> artifacts, std::function<void(const std::string&)>,
             std::function<void(Result<void>)> done) override {
    Result<void> result;
    for (const v1::ArtifactRef& artifact : artifacts) {
      if (store_.Has(artifact.digest())) continue;
      const auto found = contents.find(artifact.digest());
      if (found == contents.end()) {
        result = Error{Code::kNotFound, "no artifact " + artifact.digest()};
      } else {
        CHECK(WriteFileAtomically(store_.PathOf(artifact.digest()), found->second, 0600).has_value());
      }
    }
    loop_.Post([result, done = std::move(done)] { done(result); });
  }
  std::map<std::string, std::string> contents;

 private:
  Loop& loop_;
  const ArtifactStore& store_;
};

/// Knows the secrets that a test gave it.
class FakeSecretFetcher final : public SecretFetcher {
 public:
  explicit FakeSecretFetcher(Loop& loop) : loop_(loop) {}
  void Fetch(std::vector<v1::SecretVersion> secrets, std::function<void(const std::string&)>,
             std::function<void(Result<std::vector<SecretValue>>)> done) override {
    std::vector<SecretValue> found;
    for (const v1::SecretVersion& secret : secrets) found.push_back({secret, values.at(secret.name())});
    asked += static_cast<int>(secrets.size());
    loop_.Post([found, done = std::move(done)] { done(found); });
  }
  std::map<std::string, std::string> values;
  int asked = 0;

 private:
  Loop& loop_;
};

/// One gateway whose agent can be restarted: the folder and the world stay.
class EngineTest : public testing::Test {
 protected:
  EngineTest() { Restart(); }

  void Restart() {
    engine_.reset();
    health_.reset();
    provision_.reset();
    kinds_.clear();
    loop_ = std::make_unique<FakeLoop>();
    store_.reset();
    store_ = *Store::Open(folder_ / "agent.db");
    artifacts_ = std::make_unique<ArtifactStore>(*ArtifactStore::Open(folder_ / "artifacts"));
    fetcher_ = std::make_unique<FakeFetcher>(*loop_, *artifacts_);
    fetcher_->contents = published_;
    auto kind = std::make_unique<FakeKind>(*loop_, world_);
    kind_ = kind.get();
    kinds_["process"] = std::move(kind);
    EngineEvents events;
    events.changed = [] {};
    events.happened = [this](v1::Event::Severity, const std::string&, const std::string& text) {
      events_.push_back(text);
    };
    secret_fetcher_ = std::make_unique<FakeSecretFetcher>(*loop_);
    secret_fetcher_->values = {{"password", "correct horse"}};
    provision_ = std::make_unique<Provision>(*store_, *artifacts_, *fetcher_, *secret_fetcher_);
    health_ = std::make_unique<Health>(*loop_, ArtifactPath(), folder_ / "health", SshClient(folder_ / "ssh"));
    engine_ = std::make_unique<Engine>(*loop_, *store_, *provision_, kinds_, *health_, events, Engine::Options{});
  }

  /// A desired state of one application with these components; the value is what makes versions differ.
  v1::DesiredState Desired(std::uint64_t revision, const std::string& version,
                           const std::map<std::string, std::string>& components) {
    v1::DeploymentModel model;
    for (const auto& [name, command] : components) {
      v1::Component& component = *model.add_components();
      component.set_name(name);
      component.mutable_process()->add_command(command);
    }
    for (const auto& [name, digest] : DigestsOf(model, {})) digests_[name + "=" + components.at(name)] = digest;
    const std::string bundle = model.SerializeAsString();
    published_[Sha256(bundle)] = bundle;
    fetcher_->contents = published_;
    v1::DesiredState desired;
    desired.set_gateway("gw");
    desired.set_revision(revision);
    v1::DesiredApplication& application = *desired.add_applications();
    application.set_application("app");
    application.set_version(version);
    application.mutable_bundle()->set_digest(Sha256(bundle));
    return desired;
  }

  v1::ReportedState Report() {
    v1::ReportedState report;
    engine_->Report(report);
    return report;
  }

  void Start() {
    ASSERT_TRUE(engine_->Start().has_value());
    loop_->RunPosted();
  }

  void Deploy(const v1::DesiredState& desired) {
    ASSERT_TRUE(engine_->Accept(desired).has_value());
    loop_->RunPosted();
  }

  std::vector<std::string> TakeCalls() { return std::exchange(kind_->calls, {}); }

  tests::TemporaryFolder folder_;
  FakeWorld world_;
  std::map<std::string, std::string> published_;
  std::map<std::string, std::string> digests_;
  std::vector<std::string> events_;
  std::unique_ptr<FakeLoop> loop_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ArtifactStore> artifacts_;
  std::unique_ptr<FakeFetcher> fetcher_;
  std::unique_ptr<FakeSecretFetcher> secret_fetcher_;
  std::unique_ptr<Provision> provision_;
  Kinds kinds_;
  FakeKind* kind_ = nullptr;
  std::unique_ptr<Health> health_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, DeploysWhatIsDesiredAndReportsIt) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}, {"b", "y"}}));
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
  EXPECT_EQ(world_["app/b"], digests_["b=y"]);
  const v1::ReportedState report = Report();
  EXPECT_EQ(report.desired_revision(), 1u);
  EXPECT_EQ(report.deployment().state(), v1::Deployment::STATE_DONE);
  ASSERT_EQ(report.applications_size(), 1);
  EXPECT_EQ(report.applications(0).version(), "1.0.0");
  EXPECT_EQ(report.applications(0).components(0).state(), v1::ReportedComponent::STATE_RUNNING);
}

TEST_F(EngineTest, DoesNothingForAStateThatIsNotNewer) {
  Start();
  const auto desired = Desired(2, "1.0.0", {{"a", "x"}});
  Deploy(desired);
  TakeCalls();
  Deploy(desired);
  Deploy(Desired(1, "0.9.0", {{"a", "old"}}));
  EXPECT_THAT(TakeCalls(), IsEmpty());
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
}

TEST_F(EngineTest, TouchesOnlyTheComponentsThatChanged) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}, {"b", "y"}, {"c", "z"}}));
  TakeCalls();
  Deploy(Desired(2, "1.1.0", {{"a", "x"}, {"b", "new"}}));
  EXPECT_THAT(TakeCalls(),
              ElementsAre("check app/a", "check app/b", "remove app/c", "apply app/b", "confirm app/b", "commit"));
}

TEST_F(EngineTest, GoesBackWhenAComponentIsNotConfirmed) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}, {"b", "y"}}));
  const FakeWorld before = world_;
  const auto bad = Desired(2, "1.1.0", {{"a", "new"}, {"b", "silent"}, {"c", "more"}});
  kind_->fails_to_confirm.insert(digests_["b=silent"]);
  Deploy(bad);
  loop_->Advance(std::chrono::seconds(1));
  EXPECT_EQ(world_, before);
  const v1::ReportedState report = Report();
  EXPECT_EQ(report.desired_revision(), 2u);
  EXPECT_EQ(report.deployment().state(), v1::Deployment::STATE_FAILED);
  EXPECT_EQ(report.deployment().reason(), "app/b: it never said hello");
  EXPECT_EQ(report.applications(0).version(), "1.0.0");
}

TEST_F(EngineTest, RemovesAFirstDeploymentThatFails) {
  Start();
  const auto bad = Desired(1, "1.0.0", {{"a", "x"}, {"b", "broken"}});
  kind_->fails_to_apply.insert(digests_["b=broken"]);
  Deploy(bad);
  EXPECT_THAT(world_, IsEmpty());
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_FAILED);
  EXPECT_EQ(Report().applications_size(), 0);
}

TEST_F(EngineTest, DoesNotTryAFailedRevisionAgainByItself) {
  Start();
  const auto bad = Desired(1, "1.0.0", {{"a", "broken"}});
  kind_->fails_to_apply.insert(digests_["a=broken"]);
  Deploy(bad);
  TakeCalls();
  loop_->Advance(std::chrono::hours(1));
  Restart();
  Start();
  loop_->Advance(std::chrono::hours(1));
  EXPECT_THAT(TakeCalls(), IsEmpty());
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_FAILED);
}

TEST_F(EngineTest, TriesAgainWhenItIsTold) {
  Start();
  const auto desired = Desired(1, "1.0.0", {{"a", "x"}});
  kind_->fails_to_apply.insert(digests_["a=x"]);
  Deploy(desired);
  kind_->fails_to_apply.clear();
  engine_->Retry();
  loop_->RunPosted();
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_DONE);
}

TEST_F(EngineTest, TakesTheNextRevisionAfterAFailedOne) {
  Start();
  const auto bad = Desired(1, "1.0.0", {{"a", "broken"}});
  kind_->fails_to_apply.insert(digests_["a=broken"]);
  Deploy(bad);
  Deploy(Desired(2, "1.0.1", {{"a", "x"}}));
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_DONE);
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
}

TEST_F(EngineTest, GoesBackAndOnWhenANewerRevisionOvertakes) {
  Start();
  kind_->hold = true;
  Deploy(Desired(1, "1.0.0", {{"a", "slow"}}));
  Deploy(Desired(2, "1.1.0", {{"a", "x"}}));
  for (int i = 0; i < 10; ++i) {
    kind_->Release();
    loop_->RunPosted();
  }
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_DONE);
  EXPECT_EQ(Report().deployment().revision(), 2u);
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
}

TEST_F(EngineTest, ChangesNothingWhenAnArtifactDoesNotExist) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}}));
  auto desired = Desired(2, "1.1.0", {{"a", "y"}});
  desired.mutable_applications(0)->mutable_bundle()->set_digest(Sha256("never published"));
  Deploy(desired);
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_FAILED);
  EXPECT_THAT(Report().deployment().reason(), HasSubstr("no artifact sha256:"));
}

TEST_F(EngineTest, ChangesNothingWhenAComponentDoesNotFit) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}}));
  kind_->unfit.insert("app/b");
  Deploy(Desired(2, "1.1.0", {{"a", "y"}, {"b", "z"}}));
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
  EXPECT_EQ(Report().deployment().reason(), "app/b: it does not fit");
}

TEST_F(EngineTest, ChangesNothingWhenAnArtifactIsRotten) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}}));
  kind_->rotten.insert("app/b");
  Deploy(Desired(2, "1.1.0", {{"a", "y"}, {"b", "z"}, {"c", "z"}}));
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
  EXPECT_EQ(Report().deployment().reason(), "app/b: its archive is damaged");
}

TEST_F(EngineTest, HealsWhatDrifted) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}, {"b", "y"}}));
  TakeCalls();
  world_.erase("app/a");
  loop_->Advance(std::chrono::seconds(11));
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
  EXPECT_THAT(TakeCalls(), ElementsAre("apply app/a", "confirm app/a"));
  EXPECT_THAT(events_, testing::Contains(HasSubstr("drift: app/a: not there")));
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_DONE);
}

TEST_F(EngineTest, WaitsLongerAndLongerWhereHealingFails) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}}));
  TakeCalls();
  world_.erase("app/a");
  kind_->fails_to_apply.insert(digests_["a=x"]);
  loop_->Advance(std::chrono::hours(1));
  const std::size_t tries = TakeCalls().size();
  EXPECT_GE(tries, 5u);
  EXPECT_LE(tries, 20u);
  kind_->fails_to_apply.clear();
  loop_->Advance(std::chrono::minutes(11));
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
}

TEST_F(EngineTest, KeepsOnlyTheArtifactsOfWhatRuns) {
  Start();
  const auto first = Desired(1, "1.0.0", {{"a", "x"}});
  const auto second = Desired(2, "1.1.0", {{"a", "y"}});
  Deploy(first);
  Deploy(second);
  EXPECT_FALSE(artifacts_->Has(first.applications(0).bundle().digest()));
  EXPECT_TRUE(artifacts_->Has(second.applications(0).bundle().digest()));
}

/// Power fails after `steps` things have happened on the loop, for every number there is.
TEST_F(EngineTest, EndsWithTheOldOrTheNewWhereverPowerFails) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "1"}, {"b", "1"}, {"c", "1"}}));
  std::uint64_t revision = 1;
  for (int answers = 0; answers < 12; ++answers) {
    for (const bool good : {true, false}) {
      const FakeWorld old_world = world_;
      const std::string next = std::to_string(++revision);
      const auto desired = Desired(revision, "1." + next + ".0", {{"a", next}, {"b", next}, {"d" + next, next}});
      kind_->hold = true;
      if (!good) kind_->fails_to_confirm.insert(digests_["b=" + next]);
      ASSERT_TRUE(engine_->Accept(desired).has_value());
      for (int i = 0; i < answers; ++i) {
        loop_->RunPosted();
        kind_->Release();
      }
      // What was asked of the kind has happened; nobody hears of it.
      Restart();
      if (!good) kind_->fails_to_confirm.insert(digests_["b=" + next]);
      Start();
      loop_->Advance(std::chrono::seconds(30));
      const FakeWorld new_world{{"app/a", digests_["a=" + next]},
                                {"app/b", digests_["b=" + next]},
                                {"app/d" + next, digests_["d" + next + "=" + next]}};
      EXPECT_EQ(world_, good ? new_world : old_world) << answers;
      EXPECT_EQ(Report().deployment().state(), good ? v1::Deployment::STATE_DONE : v1::Deployment::STATE_FAILED);
    }
  }
}

TEST_F(EngineTest, GivesUpOnATransactionThatIsCutOffAgainAndAgain) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}}));
  const FakeWorld before = world_;
  const auto desired = Desired(2, "1.1.0", {{"a", "crashes the machine"}});
  for (int i = 0; i < 5; ++i) {
    kind_->hold = true;
    if (i == 0) {
      ASSERT_TRUE(engine_->Accept(desired).has_value());
    }
    loop_->RunPosted();
    Restart();
    kind_->hold = true;
    Start();
  }
  kind_->hold = false;
  kind_->Release();
  loop_->Advance(std::chrono::seconds(30));
  EXPECT_EQ(world_, before);
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_FAILED);
  EXPECT_THAT(Report().deployment().reason(), HasSubstr("cut off 4 times"));
}

TEST_F(EngineTest, FillsInSecretsAndKeepsTheirValues) {
  Start();
  auto desired = Desired(1, "1.0.0", {{"a", "--password=${secret.password}"}});
  desired.add_secrets()->set_name("password");
  desired.mutable_secrets(0)->set_version("v1");
  Deploy(desired);
  EXPECT_EQ(kind_->commands["app/a"], "--password=correct horse");
  EXPECT_EQ(secret_fetcher_->asked, 1);
  Restart();
  Start();
  TakeCalls();
  loop_->Advance(std::chrono::seconds(30));
  EXPECT_EQ(secret_fetcher_->asked, 0);
  EXPECT_THAT(TakeCalls(), IsEmpty());
}

TEST_F(EngineTest, AppliesAgainWhatUsesASecretThatChanged) {
  Start();
  auto desired = Desired(1, "1.0.0", {{"a", "${secret.password}"}, {"b", "x"}});
  desired.add_secrets()->set_name("password");
  desired.mutable_secrets(0)->set_version("v1");
  Deploy(desired);
  TakeCalls();
  secret_fetcher_->values["password"] = "battery staple";
  desired.set_revision(2);
  desired.mutable_secrets(0)->set_version("v2");
  Deploy(desired);
  EXPECT_EQ(kind_->commands["app/a"], "battery staple");
  EXPECT_THAT(TakeCalls(), ElementsAre("check app/a", "check app/b", "apply app/a", "confirm app/a", "commit"));
  v1::SecretVersion old;
  old.set_name("password");
  old.set_version("v1");
  EXPECT_FALSE(store_->Secret(old)->has_value());
}

TEST_F(EngineTest, RefusesWhatRefersToASecretThatItWasNotTold) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "${secret.password}"}}));
  EXPECT_EQ(Report().deployment().state(), v1::Deployment::STATE_FAILED);
  EXPECT_THAT(Report().deployment().reason(), HasSubstr("secret \"password\" is not set"));
}

TEST_F(EngineTest, FetchesAgainWhatWasLostFromTheDisk) {
  Start();
  Deploy(Desired(1, "1.0.0", {{"a", "x"}}));
  artifacts_->KeepOnly({});
  Restart();
  Start();
  EXPECT_EQ(Report().applications_size(), 1);
  world_.erase("app/a");
  loop_->Advance(std::chrono::seconds(11));
  EXPECT_EQ(world_["app/a"], digests_["a=x"]);
}

}  // namespace
}  // namespace motley::agent
