#include "controller/registry/device_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using controller::ListDevices;
using testing::ElementsAre;

class DeviceListTest : public testing::Test {
 protected:
  /// Gateway `id` reports `devices` devices.
  void Report(const std::string& id, int devices) {
    if (core_.registry->Find(id) == nullptr) core_.Enrol(id);
    v1::ReportedState report;
    report.set_gateway(id);
    report.set_epoch("e");
    report.set_sequence(1);
    for (int i = 0; i < devices; ++i) report.add_devices()->set_id(id + "-" + std::to_string(i));
    core_.store->reports().PutReport(core_.registry->Find(id)->record.number, report).value();
    core_.registry->OnReportStored(report);
  }
  /// Device ids of one page after the other.
  std::vector<std::vector<std::string>> Pages(std::uint32_t limit) {
    std::vector<std::vector<std::string>> pages;
    std::string after;
    do {
      const auto list = ListDevices(*core_.registry, after, limit, 0).value();
      std::vector<std::string>& page = pages.emplace_back();
      for (const v1::Device& device : list.devices()) page.push_back(device.device().id());
      after = list.cursor();
    } while (!after.empty() && pages.size() < 100);
    return pages;
  }

  Core core_;
};

TEST_F(DeviceListTest, EndsAPageWithAGateway) {
  for (const auto& [gateway, devices] : std::map<std::string, int>{{"a", 1}, {"b", 3}, {"c", 0}, {"d", 1}}) {
    Report(gateway, devices);
  }
  core_.Enrol("e");
  EXPECT_THAT(Pages(2), ElementsAre(ElementsAre("a-0", "b-0", "b-1", "b-2"), ElementsAre("d-0")));
  EXPECT_THAT(Pages(100), ElementsAre(ElementsAre("a-0", "b-0", "b-1", "b-2", "d-0")));
}

TEST_F(DeviceListTest, HasOneEmptyPageWithoutGateways) { EXPECT_THAT(Pages(10), ElementsAre(ElementsAre())); }

TEST_F(DeviceListTest, GoesOnAfterAGatewayThatIsGone) {
  for (const char* gateway : {"a", "b", "c"}) Report(gateway, 1);
  const auto first = ListDevices(*core_.registry, "", 2, 0).value();
  EXPECT_EQ(first.cursor(), "b");
  core_.registry->Remove("b").value();
  const auto second = ListDevices(*core_.registry, first.cursor(), 2, 0).value();
  ASSERT_EQ(second.devices_size(), 1);
  EXPECT_EQ(second.devices(0).gateway(), "c");
  EXPECT_EQ(second.cursor(), "");
}

TEST_F(DeviceListTest, ReadsNoMoreThanSomeReportsForAPage) {
  core_.store
      ->Atomically([&]() -> Result<void> {
        for (int i = 0; i < 600; ++i) Report("gw-" + std::to_string(1000 + i), i == 599 ? 1 : 0);
        return {};
      })
      .value();
  EXPECT_THAT(Pages(10), ElementsAre(ElementsAre(), ElementsAre("gw-1599-0")));
}

}  // namespace
}  // namespace motley::tests
