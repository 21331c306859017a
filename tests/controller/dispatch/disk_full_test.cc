#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

/// While it lives no file of this process can grow beyond `bytes`: as on a full disk, writes fail.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(DiskFull, AcknowledgesNothingAndStoresAllOnceThereIsSpace) {
  Core core;
  core.Enrol("g1");
  core.mqtt.Connect();
  v1::TelemetryBatch batch;
  batch.set_gateway("g1");
  batch.set_epoch("e");
  for (int i = 0; i < 100; ++i) {
    v1::DeviceLine& line = *batch.add_lines();
    line.set_device("uno");
    line.set_text(std::string(1000, 'x'));
  }
  const auto send = [&](std::uint64_t sequence) {
    batch.set_sequence(sequence);
    batch.set_previous(sequence - 1);
    core.Deliver("g1", Channel::kTelemetry, batch);
  };
  {
    FullDisk full(std::filesystem::file_size(core.folder / "controller.db-wal"));
    send(1);
    core.loop.Advance(std::chrono::seconds(30));
    send(2);
    core.loop.Advance(std::chrono::seconds(30));
    EXPECT_TRUE(core.mqtt.Take(Core::Topic("g1", Channel::kAck)).empty());
    v1::AddGatewayRequest add;
    add.set_id("g2");
    EXPECT_EQ(core.registry->Add(add).error().code, Code::kUnavailable);
    EXPECT_EQ(core.registry->Find("g2"), nullptr);
    EXPECT_TRUE(core.registry->Show("g1"));
  }
  core.loop.Advance(std::chrono::seconds(6));
  const auto acks = core.mqtt.Take(Core::Topic("g1", Channel::kAck));
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(Opened<v1::Ack>(acks[0].payload).telemetry_sequence(), 2u);
  EXPECT_EQ(core.registry->Telemetry("g1", {}).value().lines_size(), 200);
}

}  // namespace
}  // namespace motley::tests
