#include "controller/registry/device_list.h"

#include <google/protobuf/util/time_util.h>

#include <iterator>

namespace motley::controller {
namespace {

using google::protobuf::util::TimeUtil;

/// A report takes some 20 us to read.
constexpr std::size_t kReportsAPage = 500;

v1::Device DeviceOf(const v1::Gateway& gateway, const v1::ReportedDevice& reported, std::int64_t now_us) {
  v1::Device device;
  device.set_gateway(gateway.id());
  device.set_gateway_online(gateway.online());
  *device.mutable_device() = reported;
  if (!reported.present()) {
    if (reported.has_last_seen()) *device.mutable_last_seen() = reported.last_seen();
  } else if (gateway.online()) {
    *device.mutable_last_seen() = TimeUtil::MicrosecondsToTimestamp(now_us);
  } else if (gateway.has_presence_since()) {
    *device.mutable_last_seen() = gateway.presence_since();
  } else {
    *device.mutable_last_seen() = gateway.reported().reported_at();
  }
  return device;
}

}  // namespace

Result<v1::DeviceList> DevicesOf(const Registry& registry, const std::string& gateway, std::int64_t now_us) {
  TRY_ASSIGN(const v1::Gateway shown, registry.Show(gateway));
  v1::DeviceList list;
  for (const v1::ReportedDevice& device : shown.reported().devices())
    *list.add_devices() = DeviceOf(shown, device, now_us);
  return list;
}

Result<v1::DeviceList> ListDevices(const Registry& registry, const std::string& after, std::uint32_t limit,
                                   std::int64_t now_us) {
  v1::DeviceList list;
  std::size_t reports = 0;
  for (auto twin = registry.twins().upper_bound(after); twin != registry.twins().end(); ++twin) {
    if (list.devices_size() >= static_cast<int>(limit) || reports >= kReportsAPage) {
      list.set_cursor(std::prev(twin)->first);
      return list;
    }
    if (!twin->second.record.gateway.has_reported()) continue;
    ++reports;
    TRY_ASSIGN(v1::DeviceList devices, DevicesOf(registry, twin->first, now_us));
    list.mutable_devices()->MergeFrom(devices.devices());
  }
  return list;
}

Result<v1::Device> ShowDevice(const Registry& registry, const std::string& gateway, const std::string& device,
                              std::int64_t now_us) {
  TRY_ASSIGN(const v1::DeviceList list, DevicesOf(registry, gateway, now_us));
  std::string there;
  for (const v1::Device& known : list.devices()) {
    if (known.device().id() == device) return known;
    there += (there.empty() ? "" : ", ") + known.device().board() + " " + known.device().id();
  }
  return Error{Code::kNotFound,
               "gateway " + gateway + " has no device \"" + device + "\"; it has " + (there.empty() ? "none" : there)};
}

Result<void> CheckReady(const v1::Device& device) {
  const std::string& id = device.device().id();
  if (!device.gateway_online()) {
    return Error{Code::kUnavailable, "gateway " + device.gateway() + " is offline since " +
                                         TimeUtil::ToString(device.last_seen()) + "; try again when it is online"};
  }
  if (!device.device().present()) {
    return Error{Code::kUnavailable,
                 "device " + id + " is not plugged in at gateway " + device.gateway() + "; plug it in and try again"};
  }
  if (device.device().state() == v1::ReportedDevice::STATE_FLASHING) {
    return Error{Code::kConflict, "device " + id + " is being flashed; wait until that has ended"};
  }
  return {};
}

Result<void> CheckFree(const v1::Device& device) {
  const std::string& owner = device.device().owner();
  if (!owner.empty()) {
    return Error{Code::kConflict,
                 "device " + device.device().id() + " belongs to component " + owner +
                     ", which would put its own image back; flash it by a release of that application"};
  }
  return CheckReady(device);
}

}  // namespace motley::controller
