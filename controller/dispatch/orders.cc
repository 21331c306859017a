#include "controller/dispatch/orders.h"

#include <algorithm>

#include "common/log/log.h"

namespace motley::controller {
namespace {

/// 16 MiB, the largest image, at 230 kbaud take 12 min.
constexpr std::chrono::minutes kDeadline{20};
constexpr std::chrono::minutes kKeep{60};
/// The oldest is forgotten before its time. For scripts that flash a whole fleet at once.
constexpr std::size_t kMaxOrders = 10'000;

void Finish(v1::DeviceOrder& order, Code code, const std::string& error) {
  order.set_finished(true);
  order.set_error(error);
  order.set_error_code(std::string(CodeName(code)));
}

}  // namespace

Result<v1::DeviceOrder> Orders::Reset(const std::string& gateway, const std::string& device) {
  v1::Command command;
  command.mutable_reset_device()->set_device(device);
  TRY_ASSIGN(v1::DeviceOrder order, Give(gateway, device, std::move(command)));
  LogInfo("device {} of gateway {} is to be reset", device, gateway);
  return order;
}

Result<v1::DeviceOrder> Orders::Flash(const std::string& gateway, const std::string& device,
                                      const v1::FlashDeviceRequest& request) {
  v1::Command command;
  v1::FlashDevice& flash = *command.mutable_flash_device();
  flash.set_device(device);
  *flash.mutable_image() = request.image();
  flash.set_version(request.version());
  TRY_ASSIGN(v1::DeviceOrder order, Give(gateway, device, std::move(command)));
  LogInfo("device {} of gateway {} is to be flashed with {} ({})", device, gateway, request.image().name(),
          request.image().digest());
  return order;
}

Result<v1::DeviceOrder> Orders::Give(const std::string& gateway, const std::string& device, v1::Command command) {
  TRY_ASSIGN(const std::string id, send_(gateway, std::move(command)));
  if (entries_.size() == kMaxOrders) entries_.pop_front();
  Entry& entry = entries_.emplace_back();
  entry.order.set_id(id);
  entry.order.set_gateway(gateway);
  entry.order.set_device(device);
  entry.deadline = loop_.After(kDeadline, [this, id] {
    v1::DeviceOrder& late = FindEntry(id)->order;
    if (late.finished()) return;
    Finish(late, Code::kTimeout,
           "gateway " + late.gateway() + " has not said in " + std::to_string(kDeadline.count()) +
               " min what became of it; `motley device show` tells how the device is now");
  });
  entry.end = loop_.After(kKeep, [this, id] { Forget(id); });
  return entry.order;
}

Orders::Entry* Orders::FindEntry(std::string_view id) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.order.id() == id; });
  return found == entries_.end() ? nullptr : &*found;
}

/// A copy of the id: whoever calls goes with the entry.
void Orders::Forget(std::string id) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.order.id() == id; });
}

Result<v1::DeviceOrder> Orders::Find(const std::string& gateway, const std::string& id) const {
  for (const Entry& entry : entries_) {
    if (entry.order.id() == id && entry.order.gateway() == gateway) return entry.order;
  }
  return Error{Code::kNotFound, "gateway " + gateway + " has no order \"" + id +
                                    "\": orders are kept for an hour, and until the controller restarts"};
}

bool Orders::OnReply(const v1::LogReply& reply) {
  Entry* entry = FindEntry(reply.id());
  if (entry == nullptr || entry->answered || entry->order.gateway() != reply.gateway()) return false;
  entry->answered = true;
  entry->deadline.Reset();
  v1::DeviceOrder& order = entry->order;
  order.clear_error();
  order.clear_error_code();
  if (reply.error().empty()) {
    order.set_finished(true);
    order.set_done(reply.done());
    LogInfo("device {} of gateway {}: {}", order.device(), order.gateway(), reply.done());
  } else {
    Finish(order, CodeFromName(reply.error_code()).value_or(Code::kUnavailable), reply.error());
    LogWarning("device {} of gateway {}: {}", order.device(), order.gateway(), reply.error());
  }
  return true;
}

void Orders::OnGone(const std::string& gateway, std::string_view why) {
  for (Entry& entry : entries_) {
    if (entry.order.gateway() != gateway || entry.order.finished()) continue;
    Finish(entry.order, Code::kUnavailable,
           "gateway " + gateway + " " + std::string(why) +
               " before it answered; `motley device show` tells how the device is when it is back");
  }
}

}  // namespace motley::controller
