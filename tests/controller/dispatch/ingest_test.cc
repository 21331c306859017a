#include "controller/dispatch/ingest.h"

#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

v1::TelemetryBatch Batch(const std::string& epoch, std::uint64_t previous, std::uint64_t sequence) {
  v1::TelemetryBatch batch;
  batch.set_gateway("g1");
  batch.set_epoch(epoch);
  batch.set_previous(previous);
  batch.set_sequence(sequence);
  v1::Sample& sample = *batch.add_samples();
  sample.set_time_us(static_cast<std::int64_t>(sequence) * 1000);
  sample.set_source("gateway");
  sample.set_metric("load");
  sample.set_value(static_cast<double>(sequence));
  return batch;
}

v1::ReportedState Report(const std::string& epoch, std::uint64_t sequence) {
  v1::ReportedState report;
  report.set_gateway("g1");
  report.set_epoch(epoch);
  report.set_sequence(sequence);
  report.mutable_context()->set_arch("arm64");
  v1::ReportedApplication& application = *report.add_applications();
  application.set_application("greeter");
  application.add_components()->set_name("greeter");
  return report;
}

class IngestTest : public testing::Test {
 protected:
  IngestTest() {
    core_.Enrol("g1");
    core_.mqtt.Connect();
  }
  void Send(const v1::TelemetryBatch& batch) { core_.Deliver("g1", Channel::kTelemetry, batch); }
  std::vector<double> Stored() {
    std::vector<double> values;
    const auto page = core_.registry->Telemetry("g1", {}).value();
    for (const v1::Sample& sample : page.samples()) values.push_back(sample.value());
    return values;
  }
  std::vector<v1::Ack> Acks() {
    std::vector<v1::Ack> acks;
    for (const MqttMessage& message : core_.mqtt.Take(Core::Topic("g1", Channel::kAck))) {
      EXPECT_EQ(message.retain, Retain::kNo);
      acks.push_back(Opened<v1::Ack>(message.payload));
    }
    return acks;
  }
  Core core_;
};

TEST_F(IngestTest, AcknowledgesOnlyWhatIsCommittedAndManyAtOnce) {
  for (std::uint64_t i = 1; i <= 10; ++i) Send(Batch("e", i - 1, i));
  EXPECT_TRUE(Acks().empty());
  EXPECT_TRUE(Stored().empty());
  core_.loop.Advance(std::chrono::milliseconds(20));
  EXPECT_EQ(Stored().size(), 10u);
  const auto acks = Acks();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].epoch(), "e");
  EXPECT_EQ(acks[0].telemetry_sequence(), 10u);
}

TEST_F(IngestTest, CommitsAFullGroupAtOnce) {
  for (std::uint64_t i = 1; i <= 500; ++i) Send(Batch("e", i - 1, i));
  ASSERT_EQ(Acks().size(), 1u);
  EXPECT_EQ(Stored().size(), 500u);
}

TEST_F(IngestTest, StoresDuplicatesGapsAndReorderingsExactlyOnce) {
  Send(Batch("e", 0, 1));
  Send(Batch("e", 0, 1));
  Send(Batch("e", 2, 3));  // early
  Send(Batch("e", 1, 2));
  core_.Settle();
  EXPECT_EQ(Stored(), (std::vector<double>{1, 2}));
  EXPECT_EQ(Acks().at(0).telemetry_sequence(), 2u);
  Send(Batch("e", 2, 3));
  Send(Batch("e", 1, 2));
  Send(Batch("e", 0, 9));  // 4 to 8 were dropped
  core_.Settle();
  EXPECT_EQ(Stored(), (std::vector<double>{1, 2, 3, 9}));
  EXPECT_EQ(Acks().at(0).telemetry_sequence(), 9u);
}

TEST_F(IngestTest, KeepsEpochsApartOverARestart) {
  Send(Batch("old", 0, 7));
  core_.Settle();
  Send(Batch("new", 0, 1));
  core_.Settle();
  core_.Restart();
  core_.mqtt.Connect();
  Send(Batch("old", 0, 7));
  Send(Batch("new", 0, 1));
  Send(Batch("new", 1, 2));
  core_.Settle();
  EXPECT_EQ(Stored(), (std::vector<double>{1, 2, 7}));
  EXPECT_EQ(Acks().size(), 2u);
}

TEST_F(IngestTest, KeepsTheHighestReportAndShowsItInFullAndInShort) {
  core_.Deliver("g1", Channel::kReported, Report("e", 2));
  core_.Deliver("g1", Channel::kReported, Report("e", 1));
  core_.Settle();
  const auto acks = Acks();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].reported_sequence(), 2u);
  core_.Restart();
  EXPECT_EQ(core_.registry->Find("g1")->reported().sequence(), 2u);
  EXPECT_EQ(core_.registry->List().gateways(0).reported().applications(0).components_size(), 0);
  EXPECT_EQ(core_.registry->Show("g1").value().reported().applications(0).components_size(), 1);
  EXPECT_EQ(core_.registry->Find("g1")->SelectorAttributes().arch, "arm64");
}

TEST_F(IngestTest, TakesAReportOfANewEpochAndNoLateOneOfTheOld) {
  core_.Deliver("g1", Channel::kReported, Report("old", 9));
  core_.Deliver("g1", Channel::kReported, Report("new", 1));
  core_.Deliver("g1", Channel::kReported, Report("old", 10));
  core_.Settle();
  EXPECT_EQ(core_.registry->Find("g1")->reported().epoch(), "new");
}

TEST_F(IngestTest, IgnoresGarbageStrangersAndWrongNames) {
  const auto& complaints = core_.dispatch->complaints();
  for (const Channel channel : {Channel::kReported, Channel::kPresence, Channel::kTelemetry, Channel::kLog}) {
    core_.mqtt.Deliver(Core::Topic("g1", channel), "\xff garbage");
    core_.mqtt.Deliver(Core::Topic("g1", channel), std::string(kMaxMessageBytes + 1, 'x'));
    core_.mqtt.Deliver(Core::Topic("g1", channel), "");
  }
  EXPECT_EQ(complaints.count("message that is no message"), 8u);
  core_.Deliver("stranger", Channel::kTelemetry, Batch("e", 0, 1));
  EXPECT_EQ(complaints.count("message of a gateway that is not enrolled"), 1u);
  v1::TelemetryBatch other = Batch("e", 0, 1);
  other.set_gateway("g2");
  Send(other);
  EXPECT_EQ(complaints.count("message that is for another gateway than its topic"), 1u);
  core_.mqtt.Deliver("motley/v1/another/g1/telemetry", Seal(Batch("e", 0, 1)));
  core_.mqtt.Deliver("motley/v1/default/g1/telemetry/more", Seal(Batch("e", 0, 1)));
  EXPECT_EQ(complaints.count("message on a topic that is not of this fleet"), 2u);
  Send(Batch("", 0, 1));
  Send(Batch("e", 3, 3));
  Send(Batch("e", 0, ~std::uint64_t{0}));
  EXPECT_EQ(complaints.count("message without sense in epoch, sequence or instance"), 3u);
  core_.Settle();
  EXPECT_TRUE(Stored().empty());
  EXPECT_TRUE(Acks().empty());
}

TEST_F(IngestTest, ForgetsWhatAGatewayThatIsRemovedHasJustSent) {
  Send(Batch("e", 0, 1));
  ASSERT_TRUE(core_.registry->Remove("g1"));
  core_.Settle();
  EXPECT_TRUE(Acks().empty());
}

TEST_F(IngestTest, RemembersPresenceOverARestart) {
  v1::Presence presence;
  presence.set_gateway("g1");
  presence.set_online(true);
  presence.set_instance("i1");
  core_.Deliver("g1", Channel::kPresence, presence);
  core_.Settle();
  const auto since = core_.registry->Show("g1").value().presence_since().seconds();
  core_.loop.Advance(std::chrono::hours(1));
  core_.Restart();
  core_.mqtt.Connect();
  core_.Deliver("g1", Channel::kPresence, presence);
  core_.Settle();
  EXPECT_TRUE(core_.registry->Find("g1")->online());
  EXPECT_EQ(core_.registry->Show("g1").value().presence_since().seconds(), since);
  presence.set_online(false);
  core_.Deliver("g1", Channel::kPresence, presence);
  core_.Settle();
  EXPECT_FALSE(core_.registry->Find("g1")->online());
}

}  // namespace
}  // namespace motley::tests
