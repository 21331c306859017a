#include "agent/health/health.h"

#include <gmock/gmock.h>

#include "tests/agent/health/small_server.h"
#include "tests/support/folder.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::SmallServer;

class HealthTest : public ::testing::Test {
 protected:
  static Instance Web(const std::string& url, const std::string& name = "web") {
    Instance instance;
    instance.application = "app";
    instance.component.set_name(name);
    auto& check = *instance.component.mutable_health();
    check.mutable_http()->set_url(url);
    check.set_interval_ms(20);
    check.set_timeout_ms(2000);
    check.set_retries(2);
    instance.digest = "sha256:1";
    return instance;
  }
  bool Until(const std::function<bool()>& condition) { return tests::RunUntil(*loop_, condition); }
  Result<void> Confirm(const Instance& instance) {
    auto result = std::make_shared<std::optional<Result<void>>>();
    health_->Confirm(instance, [result](Result<void> confirmed) { *result = std::move(confirmed); });
    EXPECT_FALSE(result->has_value()) << "answered from within the call";
    EXPECT_TRUE(Until([&] { return result->has_value(); }));
    return **result;
  }
  void Watch(const std::vector<Instance>& instances) {
    health_->Watch(instances,
                   {.unhealthy = [this](const std::string& key,
                                        const std::string& reason) { said_.push_back(key + " - " + reason); },
                    .healthy = [this](const std::string& key) { said_.push_back(key + " +"); }});
  }
  /// Until as many checks as these have come since.
  bool SoonAsked(SmallServer& server, int times) {
    const int before = server.asked;
    return Until([&, before] { return server.asked >= before + times; });
  }

  tests::TemporaryFolder folder_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  std::vector<std::string> said_;
  std::unique_ptr<Health> health_ = std::make_unique<Health>(
      *loop_, [](const std::string& digest) { return digest; }, folder_.path(), SshClient(folder_ / "ssh"));
};

TEST_F(HealthTest, ConfirmsAtOnceWhatHasNoCheck) {
  Instance instance;
  EXPECT_TRUE(Confirm(instance));
}

TEST_F(HealthTest, ConfirmsOnceItIsHealthy) {
  SmallServer server;
  server.failing = true;
  auto instance = Web(server.url());
  instance.component.mutable_health()->set_start_period_ms(60'000);
  std::optional<Result<void>> result;
  health_->Confirm(instance, [&result](Result<void> confirmed) { result = std::move(confirmed); });
  EXPECT_TRUE(SoonAsked(server, 4));
  EXPECT_FALSE(result.has_value()) << "a failure in the start period counted";
  server.failing = false;
  EXPECT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_TRUE(*result);
}

TEST_F(HealthTest, SaysWhyItIsNotHealthy) {
  SmallServer server;
  server.failing = true;
  const auto result = Confirm(Web(server.url()));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_THAT(result.error().message,
              HasSubstr("answered with status 503 instead of one from 200 to 399, 2 times in a row"));
}

TEST_F(HealthTest, EndsAConfirmationThatIsBegunAnew) {
  SmallServer server;
  server.failing = true;
  auto instance = Web(server.url());
  instance.component.mutable_health()->set_start_period_ms(60'000);
  std::optional<Result<void>> first;
  health_->Confirm(instance, [&first](Result<void> confirmed) { first = std::move(confirmed); });
  server.failing = false;
  EXPECT_TRUE(Confirm(instance));
  ASSERT_TRUE(first.has_value());
  ASSERT_FALSE(*first);
  EXPECT_EQ(first->error().code, Code::kConflict);
}

TEST_F(HealthTest, TellsOfEachChangeOnce) {
  SmallServer server;
  Watch({Web(server.url())});
  EXPECT_TRUE(SoonAsked(server, 3));
  EXPECT_EQ(health_->Unhealthy("app/web"), std::nullopt);
  EXPECT_THAT(said_, ElementsAre());
  server.failing = true;
  EXPECT_TRUE(SoonAsked(server, 6));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("app/web - ")));
  EXPECT_THAT(health_->Unhealthy("app/web").value_or("healthy"), HasSubstr("status 503"));
  server.failing = false;
  EXPECT_TRUE(SoonAsked(server, 4));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("app/web - "), "app/web +"));
  EXPECT_EQ(health_->Unhealthy("app/web"), std::nullopt);
}

TEST_F(HealthTest, PausesWhileAComponentIsRestartedAndTellsAgainIfThatDoesNotHelp) {
  SmallServer server;
  server.failing = true;
  Watch({Web(server.url())});
  EXPECT_TRUE(Until([&] { return said_.size() == 1; }));
  health_->Pause("app/web");
  // One may be under way.
  EXPECT_TRUE(Until([&, n = 0]() mutable { return ++n > 20; }));
  const int asked = server.asked;
  EXPECT_TRUE(Until([&, n = 0]() mutable { return ++n > 50; }));
  EXPECT_EQ(server.asked, asked);
  EXPECT_NE(health_->Unhealthy("app/web"), std::nullopt);
  health_->Resume("app/web");
  EXPECT_TRUE(Until([&] { return said_.size() == 2; }));
  health_->Pause("app/web");
  server.failing = false;
  health_->Resume("app/web");
  EXPECT_TRUE(Until([&] { return said_.size() == 3; }));
  EXPECT_EQ(said_.back(), "app/web +");
}

TEST_F(HealthTest, GoesOnWithWhatIsWatchedAlreadyAndDropsTheRest) {
  SmallServer server;
  server.failing = true;
  auto instance = Web(server.url());
  Watch({instance});
  EXPECT_TRUE(Until([&] { return said_.size() == 1; }));
  Watch({instance});
  EXPECT_NE(health_->Unhealthy("app/web"), std::nullopt);
  EXPECT_TRUE(SoonAsked(server, 4));
  EXPECT_EQ(said_.size(), 1u) << "it was told of again";
  instance.digest = "sha256:2";
  Watch({instance});
  EXPECT_EQ(health_->Unhealthy("app/web"), std::nullopt);
  EXPECT_TRUE(Until([&] { return said_.size() == 2; }));
  Watch({});
  EXPECT_EQ(health_->Unhealthy("app/web"), std::nullopt);
}

TEST_F(HealthTest, ChecksOthersWhileSomeHang) {
  SmallServer hanging;
  hanging.silent = true;
  SmallServer good;
  std::vector<Instance> instances;
  for (int i = 0; i < 3; ++i) instances.push_back(Web(hanging.url(), "hanging-" + std::to_string(i)));
  for (int i = 0; i < 40; ++i) instances.push_back(Web(good.url(), "good-" + std::to_string(i)));
  Watch(instances);
  EXPECT_TRUE(SoonAsked(good, 200));
  EXPECT_LE(hanging.asked, 6);
}

TEST_F(HealthTest, CanEndInTheMiddleOfAnything) {
  SmallServer server;
  Watch({Web(server.url())});
  health_->Confirm(Web(server.url()), [](const Result<void>&) { ADD_FAILURE() << "nobody is left to be told"; });
  health_->Confirm(Instance{}, [](const Result<void>&) { ADD_FAILURE() << "nobody is left to be told"; });
  health_.reset();
  EXPECT_TRUE(Until([&, n = 0]() mutable { return ++n > 20; }));
}

}  // namespace
}  // namespace motley::agent
