#include "controller/registry/device_list.h"

#include <google/protobuf/util/time_util.h>

namespace motley::controller {
namespace {

using google::protobuf::util::TimeUtil;

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

Result<v1::DeviceList> ListDevices(const Registry& registry, const std::string& gateway, std::int64_t now_us) {
  v1::DeviceList list;
  const auto add = [&](const std::string& id) -> Result<void> {
    TRY_ASSIGN(const v1::Gateway shown, registry.Show(id));
    for (const v1::ReportedDevice& device : shown.reported().devices()) {
      *list.add_devices() = DeviceOf(shown, device, now_us);
    }
    return {};
  };
  if (!gateway.empty()) {
    TRY(add(gateway));
    return list;
  }
  for (const auto& [id, twin] : registry.twins()) {
    if (twin.enrolled()) TRY(add(id));
  }
  return list;
}

Result<v1::Device> ShowDevice(const Registry& registry, const std::string& gateway, const std::string& device,
                              std::int64_t now_us) {
  TRY_ASSIGN(const v1::DeviceList list, ListDevices(registry, gateway, now_us));
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
