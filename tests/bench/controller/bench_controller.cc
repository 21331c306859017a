// How long what people ask for and what the controller does by itself holds up its loop, by the size of the fleet.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "controller/api/answer.h"
#include "controller/housekeeping/housekeeper.h"
#include "controller/registry/device_list.h"
#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

double Milliseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// Enrolled gateways with a report each: two devices and four components.
void Fill(Core& core, int gateways) {
  core.store
      ->Atomically([&]() -> Result<void> {
        for (int i = 0; i < gateways; ++i) {
          const std::string id = fmt::format("gw-{:07}", i);
          core.Enrol(id);
          v1::ReportedState report;
          report.set_gateway(id);
          report.set_epoch("e");
          report.set_sequence(1);
          v1::ReportedApplication& runs = *report.add_applications();
          runs.set_application("greeter");
          runs.set_version("1.0.0");
          runs.set_variant("any");
          for (const char* name : {"greeter", "database", "proxy", "blink"}) {
            v1::ReportedComponent& component = *runs.add_components();
            component.set_name(name);
            component.set_kind("process");
            component.set_detail("runs since 2026-01-31 12:00:00");
          }
          for (int device = 0; device < 2; ++device) {
            v1::ReportedDevice& reported = *report.add_devices();
            reported.set_id(fmt::format("{:020}", 2 * i + device));
            reported.set_board("uno");
            reported.set_port("/dev/ttyACM0");
            reported.set_present(true);
            reported.set_firmware("blink");
            reported.set_firmware_version("1.0.0");
            reported.set_owner("greeter/blink");
          }
          TRY(core.store->reports().PutReport(core.registry->Find(id)->record.number, report));
          core.registry->OnReportStored(report);
        }
        return {};
      })
      .value();
}

void MeasureDevices(Core& core) {
  std::size_t devices = 0;
  const double whole = Milliseconds([&] {
    v1::DeviceList list;
    for (const auto& [id, twin] : core.registry->twins()) {
      list.MergeFrom(controller::DevicesOf(*core.registry, id, 0).value());
    }
    devices = controller::JsonAnswer(list).body.empty() ? 0 : static_cast<std::size_t>(list.devices_size());
  });
  double longest = 0;
  double all_pages = 0;
  int pages = 0;
  std::string after;
  do {
    const double page = Milliseconds([&] {
      const auto list = controller::ListDevices(*core.registry, after, 1000, 0).value();
      after = controller::JsonAnswer(list).body.empty() ? "" : list.cursor();
    });
    longest = std::max(longest, page);
    all_pages += page;
    ++pages;
  } while (!after.empty());
  fmt::print("devices: {} in one answer {:.1f} ms; in {} pages {:.1f} ms, the longest {:.1f} ms\n", devices, whole,
             pages, all_pages, longest);
}

void MeasureHousekeeping(Core& core) {
  for (const char* version : {"1.0.0", "2.0.0", "3.0.0"}) core.Deploy(version);
  core.catalog->PushRelease(core.MakeRelease("4.0.0")).value();
  fmt::print("release delete: {:.1f} ms\n",
             Milliseconds([&] { core.rollout->DeleteRelease("greeter", "4.0.0").value(); }));
  core.loop.Advance(std::chrono::hours(1000));
  controller::PlanRetention retention(core.loop, *core.store, *core.registry);
  std::optional<std::size_t> deleted;
  double longest = 0;
  int steps = 0;
  longest = Milliseconds([&] {
    retention.Run({std::chrono::hours(24), 1000}, [&](Result<std::size_t> result) { deleted = result.value(); });
  });
  while (!deleted) {
    longest = std::max(longest, Milliseconds([&] { core.loop.Advance(std::chrono::milliseconds(20)); }));
    ++steps;
  }
  fmt::print("plans: {} deleted in {} steps, the longest {:.1f} ms\n", *deleted, steps, longest);
}

}  // namespace
}  // namespace motley::tests

int main(int argc, char** argv) {
  const int gateways = argc > 1 ? std::atoi(argv[1]) : 10'000;
  motley::tests::Core core;
  motley::tests::Fill(core, gateways);
  fmt::print("{} gateways\n", gateways);
  motley::tests::MeasureDevices(core);
  motley::tests::MeasureHousekeeping(core);
}
