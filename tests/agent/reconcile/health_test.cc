#include "agent/health/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/reconcile/engine.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/model/graph.h"
#include "tests/fakes/fake_kind.h"
#include "tests/support/folder.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

using testing::Contains;
using testing::HasSubstr;

class NoFetcher final : public Fetcher {
 public:
  explicit NoFetcher(Loop& loop) : loop_(loop) {}
  void Fetch(std::vector<v1::ArtifactRef>, std::function<void(const std::string&)>,
             std::function<void(Result<void>)> done) override {
    loop_.Post([done] { done({}); });
  }

 private:
  Loop& loop_;
};

class NoSecrets final : public SecretFetcher {
 public:
  explicit NoSecrets(Loop& loop) : loop_(loop) {}
  void Fetch(std::vector<v1::SecretVersion>, std::function<void(const std::string&)>,
             std::function<void(Result<std::vector<SecretValue>>)> done) override {
    loop_.Post([done] { done(std::vector<SecretValue>()); });
  }

 private:
  Loop& loop_;
};

/// An engine on a real loop whose only component is healthy as long as a file is there.
class EngineHealthTest : public testing::Test {
 protected:
  EngineHealthTest()
      : loop_(EventLoop::Create()),
        store_(*Store::Open(folder_ / "agent.db")),
        artifacts_(*ArtifactStore::Open(folder_ / "artifacts")),
        fetcher_(*loop_),
        secrets_(*loop_),
        provision_(*store_, artifacts_, fetcher_, secrets_),
        health_(*loop_, ArtifactPath(), folder_ / "health", SshClient(folder_ / "ssh")) {
    auto kind = std::make_unique<tests::FakeKind>(*loop_, world_);
    kind_ = kind.get();
    kinds_["process"] = std::move(kind);
    EngineEvents events;
    events.changed = [] {};
    events.happened = [this](v1::Event::Severity, const std::string&, const std::string& text) {
      events_.push_back(text);
    };
    engine_ = std::make_unique<Engine>(*loop_, *store_, provision_, kinds_, health_, events,
                                       Engine::Options{std::chrono::milliseconds(100)});
    EXPECT_TRUE(engine_->Start().has_value());
  }

  void SetHealthy(bool healthy) {
    healthy ? WriteFileAtomically(folder_ / "well", "", 0600).value() : void(unlink((folder_ / "well").c_str()));
  }

  v1::DesiredState Desired() {
    v1::DeploymentModel model;
    v1::Component& component = *model.add_components();
    component.set_name("a");
    component.mutable_process()->add_command("x");
    v1::HealthCheck& check = *component.mutable_health();
    check.mutable_script()->set_content("test -e \"$1\"");
    check.mutable_script()->set_endpoint(folder_ / "well");
    check.set_interval_ms(20);
    check.set_retries(2);
    const std::string bundle = model.SerializeAsString();
    WriteFileAtomically(artifacts_.PathOf(Sha256(bundle)), bundle, 0600).value();
    v1::DesiredState desired;
    desired.set_revision(1);
    v1::DesiredApplication& application = *desired.add_applications();
    application.set_application("app");
    application.set_version("1.0.0");
    application.mutable_bundle()->set_digest(Sha256(bundle));
    return desired;
  }

  v1::ReportedState Report() {
    v1::ReportedState report;
    engine_->Report(report);
    return report;
  }

  bool RunUntilState(v1::Deployment::State state) {
    return tests::RunUntil(*loop_, [&] { return Report().deployment().state() == state; });
  }

  tests::TemporaryFolder folder_;
  tests::FakeWorld world_;
  std::vector<std::string> events_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Store> store_;
  ArtifactStore artifacts_;
  NoFetcher fetcher_;
  NoSecrets secrets_;
  Provision provision_;
  Kinds kinds_;
  tests::FakeKind* kind_ = nullptr;
  Health health_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineHealthTest, UndoesADeploymentThatNeverGetsHealthy) {
  ASSERT_TRUE(engine_->Accept(Desired()).has_value());
  ASSERT_TRUE(RunUntilState(v1::Deployment::STATE_FAILED));
  EXPECT_TRUE(world_.empty());
  EXPECT_THAT(Report().deployment().reason(), HasSubstr("app/a"));
}

TEST_F(EngineHealthTest, RestartsWhatGetsUnhealthyAndSaysSo) {
  SetHealthy(true);
  ASSERT_TRUE(engine_->Accept(Desired()).has_value());
  ASSERT_TRUE(RunUntilState(v1::Deployment::STATE_DONE));
  kind_->calls.clear();
  SetHealthy(false);
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] {
    return std::find(kind_->calls.begin(), kind_->calls.end(), "apply app/a") != kind_->calls.end();
  }));
  EXPECT_EQ(kind_->calls.at(0), "remove app/a");
  SetHealthy(true);
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] {
    const auto report = Report();
    return report.applications_size() == 1 &&
           report.applications(0).components(0).state() == v1::ReportedComponent::STATE_RUNNING;
  }));
  EXPECT_THAT(events_, Contains(HasSubstr("unhealthy")));
}

TEST_F(EngineHealthTest, ReportsWhatStaysUnhealthyWithoutRestartingItAllTheTime) {
  SetHealthy(true);
  ASSERT_TRUE(engine_->Accept(Desired()).has_value());
  ASSERT_TRUE(RunUntilState(v1::Deployment::STATE_DONE));
  SetHealthy(false);
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] {
    const auto report = Report();
    return report.applications_size() == 1 &&
           report.applications(0).components(0).state() == v1::ReportedComponent::STATE_UNHEALTHY;
  }));
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] {
    return std::any_of(events_.begin(), events_.end(),
                       [](const std::string& event) { return event.find("could not be healed") != std::string::npos; });
  }));
  EXPECT_EQ(std::count(kind_->calls.begin(), kind_->calls.end(), "remove app/a"), 1);
}

}  // namespace
}  // namespace motley::agent
