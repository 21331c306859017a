#include "controller/dispatch/orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/registry/device_list.h"
#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using controller::CheckFree;
using controller::CheckReady;
using controller::DevicesOf;
using controller::ListDevices;
using controller::ShowDevice;
using std::chrono::minutes;
using testing::HasSubstr;

class OrdersTest : public testing::Test {
 protected:
  OrdersTest() {
    core_.Enrol("g1");
    core_.mqtt.Connect();
    GoOnline(true);
  }
  void GoOnline(bool online) {
    v1::Presence presence;
    presence.set_gateway("g1");
    presence.set_instance("i1");
    presence.set_online(online);
    core_.Deliver("g1", Channel::kPresence, presence);
    core_.Settle();
  }
  v1::DeviceOrder Flash() {
    v1::FlashDeviceRequest request;
    request.mutable_image()->set_name("blink.hex");
    request.set_version("1.2.0");
    return core_.dispatch->orders().Flash("g1", "A1", request).value();
  }
  void Answer(const std::string& id, const std::string& done, const std::string& error = "",
              const std::string& code = "") {
    v1::LogReply reply;
    reply.set_id(id);
    reply.set_gateway("g1");
    reply.set_done(done);
    reply.set_error(error);
    reply.set_error_code(code);
    core_.Deliver("g1", Channel::kLog, reply);
  }
  v1::DeviceOrder Find(const std::string& id) { return core_.dispatch->orders().Find("g1", id).value(); }
  void Report(const std::function<void(v1::ReportedDevice&)>& change) {
    v1::ReportedState report;
    report.set_gateway("g1");
    report.set_epoch("e");
    report.set_sequence(++sequence_);
    v1::ReportedDevice& device = *report.add_devices();
    device.set_id("A1");
    device.set_board("uno");
    device.set_present(true);
    change(device);
    core_.Deliver("g1", Channel::kReported, report);
    core_.Settle();
  }
  v1::Device Show() { return ShowDevice(*core_.registry, "g1", "A1", WallMicros(core_.loop)).value(); }

  Core core_;
  std::uint64_t sequence_ = 0;
};

TEST_F(OrdersTest, ReachTheGatewayAndKeepItsAnswer) {
  const v1::DeviceOrder order = Flash();
  EXPECT_FALSE(order.finished());
  const auto sent = core_.mqtt.Take(Core::Topic("g1", Channel::kCommand));
  ASSERT_EQ(sent.size(), 1u);
  const auto command = Opened<v1::Command>(sent[0].payload);
  EXPECT_EQ(command.id(), order.id());
  EXPECT_TRUE(command.has_expires_at());
  EXPECT_EQ(command.flash_device().device(), "A1");
  EXPECT_EQ(command.flash_device().image().name(), "blink.hex");
  EXPECT_EQ(command.flash_device().version(), "1.2.0");
  core_.loop.Advance(minutes(5));
  EXPECT_FALSE(Find(order.id()).finished());
  Answer(order.id(), "flashed");
  EXPECT_TRUE(Find(order.id()).finished());
  EXPECT_EQ(Find(order.id()).done(), "flashed");
}

TEST_F(OrdersTest, KeepWhyTheGatewayRefused) {
  const auto order = core_.dispatch->orders().Reset("g1", "A1").value();
  Answer(order.id(), "", "it is being flashed", "conflict");
  EXPECT_EQ(Find(order.id()).error(), "it is being flashed");
  EXPECT_EQ(Find(order.id()).error_code(), "conflict");
  Answer(order.id(), "another answer");
  EXPECT_EQ(Find(order.id()).done(), "");
}

TEST_F(OrdersTest, FailWhenTheGatewayGoesAndAreRightedWhenItAnswersAfterAll) {
  const std::string id = Flash().id();
  GoOnline(false);
  EXPECT_EQ(Find(id).error_code(), "unavailable");
  EXPECT_THAT(Find(id).error(), HasSubstr("gateway g1 has gone offline before it answered"));
  GoOnline(true);
  Answer(id, "flashed");
  EXPECT_EQ(Find(id).done(), "flashed");
  EXPECT_EQ(Find(id).error(), "");
}

TEST_F(OrdersTest, EndWithoutAnAnswerAndAreForgottenAfterAnHour) {
  const std::string id = Flash().id();
  core_.loop.Advance(minutes(21));
  EXPECT_EQ(Find(id).error_code(), "timeout");
  core_.loop.Advance(minutes(40));
  const auto gone = core_.dispatch->orders().Find("g1", id);
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, Code::kNotFound);
}

TEST_F(OrdersTest, OfAnotherGatewayAreNotShownNorAnswered) {
  const std::string id = Flash().id();
  EXPECT_FALSE(core_.dispatch->orders().Find("g2", id).has_value());
  core_.Enrol("g2");
  v1::LogReply reply;
  reply.set_id(id);
  reply.set_gateway("g2");
  reply.set_done("flashed");
  core_.Deliver("g2", Channel::kLog, reply);
  EXPECT_FALSE(Find(id).finished());
}

TEST_F(OrdersTest, AreRefusedWhenTheGatewayIsOffline) {
  GoOnline(false);
  const auto order = core_.dispatch->orders().Reset("g1", "A1");
  ASSERT_FALSE(order.has_value());
  EXPECT_EQ(order.error().code, Code::kUnavailable);
}

TEST_F(OrdersTest, AreForDevicesThatAreThereAndFree) {
  Report([](auto&) {});
  EXPECT_TRUE(CheckFree(Show()).has_value());
  Report([](auto& device) { device.set_owner("blinky/mcu"); });
  EXPECT_TRUE(CheckReady(Show()).has_value());
  EXPECT_EQ(CheckFree(Show()).error().message,
            "device A1 belongs to component blinky/mcu, which would put its own image back; flash it by a release of "
            "that application");
  Report([](auto& device) { device.set_state(v1::ReportedDevice::STATE_FLASHING); });
  EXPECT_EQ(CheckReady(Show()).error().code, Code::kConflict);
  Report([](auto& device) { device.set_present(false); });
  EXPECT_THAT(CheckReady(Show()).error().message, HasSubstr("not plugged in at gateway g1"));
  Report([](auto&) {});
  GoOnline(false);
  EXPECT_THAT(CheckReady(Show()).error().message, HasSubstr("gateway g1 is offline since"));
}

TEST_F(OrdersTest, DevicesAreListedWithWhenTheyWereThere) {
  Report([](auto&) {});
  core_.Enrol("g2");
  const auto all = ListDevices(*core_.registry, "", 10, 5'000'000).value();
  ASSERT_EQ(all.devices_size(), 1);
  EXPECT_EQ(all.devices(0).gateway(), "g1");
  EXPECT_EQ(all.devices(0).last_seen().seconds(), 5);
  EXPECT_TRUE(DevicesOf(*core_.registry, "g2", 0).value().devices().empty());
  EXPECT_EQ(DevicesOf(*core_.registry, "g3", 0).error().code, Code::kNotFound);
  EXPECT_EQ(ShowDevice(*core_.registry, "g1", "B", 0).error().message, "gateway g1 has no device \"B\"; it has uno A1");
  Report([](auto& device) {
    device.set_present(false);
    device.mutable_last_seen()->set_seconds(3);
  });
  EXPECT_EQ(Show().last_seen().seconds(), 3);
}

}  // namespace
}  // namespace motley::tests
