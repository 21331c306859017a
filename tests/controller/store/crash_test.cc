#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

/// Enough samples that a commit is often cut in the middle.
constexpr int kSamples = 40;

v1::TelemetryBatch Batch(std::uint64_t sequence) {
  v1::TelemetryBatch batch;
  batch.set_gateway("g1");
  batch.set_epoch("e");
  batch.set_sequence(sequence);
  batch.set_previous(sequence - 1);
  for (int i = 0; i < kSamples; ++i) {
    v1::Sample& sample = *batch.add_samples();
    sample.set_time_us(static_cast<std::int64_t>(sequence) * kSamples + i);
    sample.set_source("gateway");
    sample.set_metric("load");
    sample.set_value(static_cast<double>(sequence));
  }
  return batch;
}

/// The controller of one life: takes what comes from `in` as a gateway that sends from `first` on would send it, and
/// writes each acknowledged number to `out`. Ends by a signal.
[[noreturn]] void Live(const std::string& folder, std::uint64_t first, int out) {
  FakeLoop loop;
  FakeMqtt mqtt;
  auto store = controller::Store::Open(folder + "/controller.db").value();
  auto registry = controller::Registry::Create(loop, *store, {}).value();
  auto dispatch =
      controller::Dispatch::Create(loop, *store, *registry, {}, [&](MqttOptions options, MqttListener& listener) {
        return mqtt.Link(std::move(options), listener);
      }).value();
  mqtt.Connect();
  for (std::uint64_t sequence = first;; ++sequence) {
    mqtt.Deliver(Core::Topic("g1", Channel::kTelemetry), Seal(Batch(sequence)));
    if (sequence % 3 == 0) loop.Advance(std::chrono::milliseconds(50));
    for (const MqttMessage& message : mqtt.Take(Core::Topic("g1", Channel::kAck))) {
      const std::uint64_t acknowledged = Opened<v1::Ack>(message.payload).telemetry_sequence();
      if (write(out, &acknowledged, sizeof acknowledged) != sizeof acknowledged) _exit(1);
    }
  }
}

/// Runs the controller until it is killed `patience` after its first acknowledgement. The last acknowledged number.
std::uint64_t LiveAndDie(const std::string& folder, std::uint64_t first, std::chrono::microseconds patience) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    Live(folder, first, ends[1]);
  }
  close(ends[1]);
  std::uint64_t last = 0;
  std::uint64_t number = 0;
  bool killed = false;
  while (read(ends[0], &number, sizeof number) == sizeof number) {
    last = number;
    if (std::exchange(killed, true)) continue;
    // Where it is cut is to be left to chance: nothing is waited for.
    usleep(static_cast<useconds_t>(patience.count()));
    kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  return last;
}

TEST(ControllerCrash, LosesNothingThatWasAcknowledgedAndDoublesNothing) {
  TemporaryFolder folder;
  {
    FakeLoop loop;
    auto store = controller::Store::Open(folder / "controller.db").value();
    auto registry = controller::Registry::Create(loop, *store, {}).value();
    v1::AddGatewayRequest add;
    add.set_id("g1");
    v1::EnrolRequest enrol;
    enrol.set_token(registry->Add(add).value().enrolment_token());
    enrol.set_credential_digest(Sha256("secret"));
    registry->Enrol(enrol).value();
  }
  std::minstd_rand random(4711);
  std::uint64_t acknowledged = 0;
  for (int life = 0; life < 12; ++life) {
    // As an agent does: everything after the last acknowledgement is sent again.
    const std::chrono::microseconds patience(random() % 20'000);
    acknowledged = std::max(acknowledged, LiveAndDie(folder.path(), acknowledged + 1, patience));
    auto store = controller::Store::Open(folder / "controller.db").value();
    const std::uint64_t stored = store->reports().FindEpoch(1, "e").value().value().telemetry_sequence;
    ASSERT_GE(stored, acknowledged);
    std::uint64_t expected = 1;
    int samples = 0;
    controller::TelemetryQuery query{.after = "0", .limit = 10'000};
    for (bool more = true; more;) {
      const auto page = store->telemetry().Query(1, query).value();
      for (const v1::Sample& sample : page.samples()) {
        ASSERT_EQ(sample.value(), static_cast<double>(expected)) << "in life " << life;
        if (++samples % kSamples == 0) ++expected;
      }
      more = page.more();
      query.after = page.cursor();
    }
    ASSERT_EQ(expected - 1, stored);
    ASSERT_EQ(samples % kSamples, 0);
  }
  EXPECT_GT(acknowledged, 12u);
}

}  // namespace
}  // namespace motley::tests
