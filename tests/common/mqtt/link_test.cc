#include "common/mqtt/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/broker.h"
#include "tests/support/wait.h"

namespace motley {
namespace {

using tests::Broker;
using tests::RunUntil;

struct Recorder final : MqttListener {
  void OnMqttConnected() override { ++connections; }
  void OnMqttDisconnected(const Error& reason) override { losses.push_back(reason.message); }
  void OnMqttMessage(const std::string& topic, const std::string& payload) override {
    messages.emplace_back(topic, payload);
  }
  int connections = 0;
  std::vector<std::string> losses;
  std::vector<std::pair<std::string, std::string>> messages;
};

class MqttLinkTest : public testing::Test {
 protected:
  std::unique_ptr<MqttLink> Connect(Recorder& recorder, const std::string& id,
                                    std::vector<std::string> subscriptions = {},
                                    std::optional<MqttMessage> will = std::nullopt) {
    MqttOptions options;
    options.url = broker_.url();
    options.client_id = id;
    options.subscriptions = std::move(subscriptions);
    options.will = std::move(will);
    auto link = MqttLink::Create(*loop_, options, recorder);
    EXPECT_TRUE(link.has_value());
    return *std::move(link);
  }

  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  Broker broker_;
};

TEST_F(MqttLinkTest, DeliversWhatIsPublishedInOrder) {
  Recorder sender, receiver;
  auto in = Connect(receiver, "in", {"t/#"});
  auto out = Connect(sender, "out");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return sender.connections == 1 && receiver.connections == 1; }));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(out->Publish({"t/x", std::to_string(i), Retain::kNo}).has_value());
  }
  ASSERT_TRUE(RunUntil(*loop_, [&] { return receiver.messages.size() == 1000 && out->pending() == 0; }));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(receiver.messages[static_cast<std::size_t>(i)].second, std::to_string(i));
}

TEST_F(MqttLinkTest, GetsRetainedMessagesWhenItConnects) {
  Recorder sender, receiver;
  auto out = Connect(sender, "out");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return sender.connections == 1; }));
  ASSERT_TRUE(out->Publish({"t/kept", "value", Retain::kYes}).has_value());
  ASSERT_TRUE(RunUntil(*loop_, [&] { return out->pending() == 0; }));
  auto in = Connect(receiver, "in", {"t/#"});
  EXPECT_TRUE(RunUntil(*loop_, [&] { return receiver.messages.size() == 1; }));
}

TEST_F(MqttLinkTest, RefusesToPublishWhileThereIsNoConnection) {
  Recorder recorder;
  auto link = Connect(recorder, "a");
  const auto result = link->Publish({"t", "x", Retain::kNo});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_THAT(result.error().message, testing::HasSubstr(broker_.url()));
}

TEST_F(MqttLinkTest, ComesBackEachTimeTheBrokerDoes) {
  Recorder recorder;
  auto link = Connect(recorder, "a", {"t"});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return recorder.connections == 1; }));
  for (int round = 2; round <= 4; ++round) {
    broker_.Stop();
    ASSERT_TRUE(RunUntil(*loop_, [&] { return !link->connected(); }));
    broker_.Start();
    ASSERT_TRUE(RunUntil(
        *loop_, [&] { return recorder.connections == round; }, std::chrono::seconds(20)));
    ASSERT_TRUE(link->Publish({"t", std::to_string(round), Retain::kNo}).has_value());
    ASSERT_TRUE(RunUntil(*loop_, [&] { return !recorder.messages.empty(); }));
    EXPECT_EQ(recorder.messages.back().second, std::to_string(round));
    recorder.messages.clear();
  }
  EXPECT_EQ(recorder.losses.size(), 3u);
}

TEST_F(MqttLinkTest, WaitsForABrokerThatIsAwayAtTheStart) {
  broker_.Stop();
  Recorder recorder;
  auto link = Connect(recorder, "a");
  EXPECT_FALSE(RunUntil(
      *loop_, [&] { return recorder.connections > 0; }, std::chrono::milliseconds(300)));
  broker_.Start();
  EXPECT_TRUE(RunUntil(*loop_, [&] { return recorder.connections == 1; }));
  EXPECT_TRUE(recorder.losses.empty());
}

TEST_F(MqttLinkTest, LeavesItsWillWhenItIsCutOffAndNoneWhenItCloses) {
  Recorder watcher, first, second;
  auto watch = Connect(watcher, "watch", {"will"});
  const MqttMessage will{"will", "gone", Retain::kNo};
  auto closes = Connect(first, "a", {}, will);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return watcher.connections == 1 && first.connections == 1; }));
  closes->Close(std::chrono::seconds(2));
  // Another client with this id ends the connection of the first, which counts as cut off.
  auto cut = Connect(second, "b", {}, will);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return second.connections == 1; }));
  EXPECT_TRUE(watcher.messages.empty());
  Recorder third;
  auto usurper = Connect(third, "b");
  EXPECT_TRUE(RunUntil(*loop_, [&] { return watcher.messages.size() == 1 && second.losses.size() == 1; }));
}

TEST_F(MqttLinkTest, SendsWhatIsPendingBeforeItCloses) {
  Recorder sender, receiver;
  auto in = Connect(receiver, "in", {"t"});
  auto out = Connect(sender, "out");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return sender.connections == 1 && receiver.connections == 1; }));
  for (int i = 0; i < 500; ++i) (void)out->Publish({"t", "x", Retain::kNo});
  out->Close(std::chrono::seconds(5));
  EXPECT_TRUE(RunUntil(*loop_, [&] { return receiver.messages.size() == 500; }));
}

TEST(MqttLink, RefusesAnAddressThatIsNone) {
  auto loop = EventLoop::Create();
  Recorder recorder;
  for (const char* url : {"", "localhost:1883", "http://localhost:1883", "mqtt://localhost"}) {
    MqttOptions options;
    options.url = url;
    const auto link = MqttLink::Create(*loop, options, recorder);
    ASSERT_FALSE(link.has_value()) << url;
    EXPECT_EQ(link.error().code, Code::kInvalid);
  }
}

}  // namespace
}  // namespace motley
