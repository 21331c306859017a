#include "agent/devices/devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "agent/devices/device.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

/// One plug is several events, and its port may be listed a moment later.
constexpr milliseconds kScanSoon{50};
/// While a board is awaited that comes back.
constexpr milliseconds kReturnScan{250};

/// Serial numbers that more than one port has: cheap adapters all have the same.
std::set<std::string> Ambiguous(const std::vector<PortInfo>& ports) {
  std::set<std::string> seen, twice;
  for (const PortInfo& port : ports) {
    if (!seen.insert(port.serial_number).second) twice.insert(port.serial_number);
  }
  return twice;
}

std::string IdOf(const PortInfo& info, const std::set<std::string>& ambiguous) {
  const bool unique = !info.serial_number.empty() && !ambiguous.contains(info.serial_number);
  return unique ? info.serial_number : "port:" + info.name;
}

}  // namespace

Devices::Devices(Loop& loop, SerialSystem& system, const BoardCatalogue& catalogue, DeviceEvents events,
                 Options options)
    : loop_(loop),
      system_(system),
      catalogue_(catalogue),
      events_(std::move(events)),
      options_(options),
      scanner_(loop, "scan") {}

Devices::~Devices() = default;

void Devices::Start(std::function<void()> done) {
  if (options_.hotplug != nullptr) {
    hotplug_watch_ = loop_.WatchReadable(options_.hotplug->fd(), [this] {
      if (options_.hotplug->Take()) ScanSoon();
    });
  }
  Scan(std::move(done));
}

void Devices::Scan(std::function<void()> done) {
  scanning_ = true;
  scan_soon_ = false;
  scanner_.Run([this] { return system_.List(); },
               [this, done = std::move(done)](const Result<std::vector<PortInfo>>& found) {
                 scanning_ = false;
                 Scanned(found);
                 if (done) done();
                 scan_timer_ = loop_.After(ScanPause(), [this] { Scan(nullptr); });
               });
}

void Devices::ScanSoon() {
  // A storm of events must not put it off.
  if (std::exchange(scan_soon_, true) || scanning_) return;
  scan_timer_ = loop_.After(kScanSoon, [this] { Scan(nullptr); });
}

milliseconds Devices::ScanPause() const {
  if (scan_soon_) return kScanSoon;
  const auto any = [this](Device::State state) {
    return std::any_of(devices_.begin(), devices_.end(),
                       [&](const auto& entry) { return entry.second->state == state; });
  };
  if (any(Device::State::kReturning)) return std::min(kReturnScan, options_.scan_interval);
  // Nobody tells when another program lets a port go.
  const bool told = options_.hotplug != nullptr && options_.hotplug->Works() && !any(Device::State::kClosed);
  return told ? options_.rare_scan_interval : options_.scan_interval;
}

void Devices::Scanned(const Result<std::vector<PortInfo>>& found) {
  if (!found) {
    if (!std::exchange(scan_failed_, true)) LogWarning("serial ports can not be listed: {}", found.error().message);
    return;
  }
  scan_failed_ = false;
  const std::set<std::string> ambiguous = Ambiguous(*found);
  Ports there;
  for (const PortInfo& info : *found) {
    // Only boards: the machine's own serial ports may be anybody's.
    const BoardType* type = catalogue_.Of(info.usb_vendor, info.usb_product, info.serial_number, info.name);
    if (type != nullptr) there[IdOf(info, ambiguous)] = &info;
  }
  // What went goes first: a board that gets another name must have left its port.
  const bool gone = Gone(there);
  const bool came = Came(there);
  if (came) SettleBoardWaiters();
  if (!gone && !came) return;
  events_.boards_changed();
  events_.changed();
}

bool Devices::Gone(const Ports& there) {
  bool any = false;
  for (const auto& [id, device] : devices_) {
    // A flash finds out by itself what became of its port, and a board may be somewhere else in the middle of one.
    if (device->state == Device::State::kAbsent || device->state == Device::State::kFlashing) continue;
    const auto still = there.find(id);
    const bool found = still != there.end();
    if (found && (device->info == *still->second || Returns(*device))) continue;
    if (!found && Returns(*device)) {
      if (device->state != Device::State::kReturning) Vanished(*device);
      continue;
    }
    Unplug(*device);
    any = true;
  }
  return any;
}

bool Devices::Came(const Ports& there) {
  bool any = false;
  for (const auto& [id, info] : there) {
    const auto known = devices_.find(id);
    if (known == devices_.end() || known->second->state == Device::State::kAbsent) {
      Plug(id, *info);
      any = true;
      continue;
    }
    Device& device = *known->second;
    const bool moved = device.state != Device::State::kFlashing && !(device.info == *info);
    // One that is closed: somebody else may have held the port.
    if (moved || device.state == Device::State::kClosed || device.state == Device::State::kReturning) {
      device.watch.Reset();
      device.port.reset();
      device.info = *info;
      any |= moved;
      Open(device);
    }
  }
  return any;
}

void Devices::Plug(const std::string& id, const PortInfo& info) {
  auto& device = devices_[id];
  if (!device) device = std::make_unique<Device>(loop_, id, options_.limits);
  device->info = info;
  device->type = catalogue_.Of(info.usb_vendor, info.usb_product, info.serial_number, info.name);
  device->starts = Starts();
  device->open_error.clear();
  LogInfo("board {} ({}) is plugged in at {}", device->id, device->type->name, info.name);
  events_.plugged(device->id, std::string(device->type->name), info.name, true);
  Open(*device);
}

void Devices::Unplug(Device& device) {
  LogWarning("board {} at {} is unplugged", device.id, device.info.name);
  device.watch.Reset();
  device.port.reset();
  device.state = Device::State::kAbsent;
  device.last_seen = loop_.WallNow();
  device.hello.reset();
  device.open_error.clear();
  device.returns_until = {};
  events_.plugged(device.id, std::string(device.type->name), device.info.name, false);
  Settle(device);
  if (auto flash = std::exchange(device.when_opened, nullptr)) flash();
}

bool Devices::Returns(const Device& device) const { return loop_.Now() < device.returns_until; }

/// Its port is gone, but only for a moment.
void Devices::Vanished(Device& device) {
  device.watch.Reset();
  device.port.reset();
  device.hello.reset();
  device.heard.clear();
  device.state = Device::State::kReturning;
  ScanSoon();
}

void Devices::WaitForBoard(const v1::McuHost& host, milliseconds patience,
                           std::function<void(Result<std::string>)> done) {
  auto found = Find(host);
  if (found || found.error().code != Code::kNotFound || patience <= milliseconds(0)) {
    loop_.Post([found = std::move(found), done = std::move(done)] { done(found); });
    return;
  }
  const int number = next_board_waiter_++;
  BoardWaiter& waiter = board_waiters_[number];
  waiter.host = host;
  waiter.done = std::move(done);
  waiter.timeout = loop_.After(patience, [this, number, patience] {
    auto late = board_waiters_.extract(number);
    Result<std::string> answer = Find(late.mapped().host);
    if (!answer) {
      answer = Error{answer.error().code, fmt::format("{}; it was waited for {} s", answer.error().message,
                                                      std::chrono::ceil<std::chrono::seconds>(patience).count())};
    }
    late.mapped().done(std::move(answer));
  });
}

void Devices::SettleBoardWaiters() {
  for (auto waiter = board_waiters_.begin(); waiter != board_waiters_.end();) {
    auto found = Find(waiter->second.host);
    if (!found && found.error().code == Code::kNotFound) {
      ++waiter;
      continue;
    }
    loop_.Post([found = std::move(found), done = std::move(waiter->second.done)] { done(found); });
    waiter = board_waiters_.erase(waiter);
  }
}

}  // namespace motley::agent
