#include "agent/devices/devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/log/log.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxHeardBytes = 80;

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

struct Devices::Waiter {
  std::function<void(Result<Hello>)> done;
  Handle timeout;
};

struct Devices::Device {
  enum class State {
    kAbsent,
    kOpening,
    kClosed,  ///< It could not be opened; tried again at the next scan.
    kListening,
    kFlashing,
  };

  Device(Loop& loop, std::string device_id) : id(std::move(device_id)), worker(loop, "serial") {}

  const std::string id;
  PortInfo info;
  const BoardType* type = nullptr;
  State state = State::kAbsent;
  std::unique_ptr<SerialPort> port;
  Handle watch;
  LineSplitter splitter;
  std::optional<Hello> hello;
  /// What came since the last reset and was no hello.
  std::string heard;
  std::string open_error;
  /// A flash that waits for the port to be opened, or not.
  std::function<void()> when_opened;
  std::map<int, Waiter> waiters;
  int next_waiter = 0;
  steady_clock::time_point second_began;
  int lines_this_second = 0;
  std::uint64_t dropped = 0;
  Worker worker;
};

Devices::Devices(Loop& loop, SerialSystem& system, const BoardCatalogue& catalogue, DeviceEvents events,
                 Options options)
    : loop_(loop),
      system_(system),
      catalogue_(catalogue),
      events_(std::move(events)),
      options_(options),
      scanner_(loop, "scan") {}

Devices::~Devices() = default;

void Devices::Start(std::function<void()> done) { Scan(std::move(done)); }

void Devices::Scan(std::function<void()> done) {
  scanner_.Run([this] { return system_.List(); },
               [this, done = std::move(done)](const Result<std::vector<PortInfo>>& found) {
                 Scanned(found);
                 if (done) done();
                 scan_timer_ = loop_.After(options_.scan_interval, [this] { Scan(nullptr); });
               });
}

void Devices::Scanned(const Result<std::vector<PortInfo>>& found) {
  if (!found) {
    if (!std::exchange(scan_failed_, true)) LogWarning("serial ports can not be listed: {}", found.error().message);
    return;
  }
  scan_failed_ = false;
  const std::set<std::string> ambiguous = Ambiguous(*found);
  std::map<std::string, const PortInfo*> there;
  for (const PortInfo& info : *found) {
    // Only boards: the machine's own serial ports may be anybody's.
    if (catalogue_.Of(info.usb_vendor, info.usb_product) != nullptr) there[IdOf(info, ambiguous)] = &info;
  }
  bool changed = false;
  // What went goes first: a board that gets another name must have left its port.
  for (const auto& [id, device] : devices_) {
    if (device->state == Device::State::kAbsent) continue;
    const auto still = there.find(id);
    if (still != there.end() && device->info == *still->second) continue;
    Unplug(*device);
    changed = true;
  }
  for (const auto& [id, info] : there) {
    const auto known = devices_.find(id);
    if (known == devices_.end() || known->second->state == Device::State::kAbsent) {
      Plug(id, *info);
      changed = true;
    } else if (known->second->state == Device::State::kClosed) {
      Open(*known->second);  // somebody else may have held the port
    }
  }
  if (!changed) return;
  events_.boards_changed();
  events_.changed();
}

void Devices::Plug(const std::string& id, const PortInfo& info) {
  auto& device = devices_[id];
  if (!device) device = std::make_unique<Device>(loop_, id);
  device->info = info;
  device->type = catalogue_.Of(info.usb_vendor, info.usb_product);
  LogInfo("board {} ({}) is plugged in at {}", device->id, device->type->name, info.name);
  events_.plugged(device->id, std::string(device->type->name), info.name, true);
  Open(*device);
}

void Devices::Unplug(Device& device) {
  LogWarning("board {} at {} is unplugged", device.id, device.info.name);
  // A flash under way finds that out by itself, and has the port.
  const bool flashing = device.state == Device::State::kFlashing;
  device.watch.Reset();
  if (!flashing) device.port.reset();
  device.state = Device::State::kAbsent;
  device.hello.reset();
  events_.plugged(device.id, std::string(device.type->name), device.info.name, false);
  Settle(device);
  if (auto flash = std::exchange(device.when_opened, nullptr)) flash();
}

void Devices::Open(Device& device) {
  device.state = Device::State::kOpening;
  device.worker.Run(
      [this, name = device.info.name, baud = device.type->hello_baud] { return system_.Open(name, baud); },
      [this, id = device.id](PortResult port) { Opened(id, std::move(port)); });
}

void Devices::Opened(const std::string& id, PortResult port) {
  Device& device = *devices_.at(id);
  if (device.state != Device::State::kOpening) return;
  if (!port) {
    if (device.open_error != port.error().message) LogWarning("{}", port.error().message);
    device.open_error = port.error().message;
    device.state = Device::State::kClosed;
    Settle(device);
  } else {
    device.port = *std::move(port);
    device.hello.reset();
    device.heard.clear();
    Listen(device);
  }
  if (auto flash = std::exchange(device.when_opened, nullptr)) flash();
}

void Devices::Listen(Device& device) {
  device.state = Device::State::kListening;
  device.open_error.clear();
  device.splitter.Clear();
  device.watch = loop_.WatchReadable(device.port->fd(), [this, &device] { Read(device); });
}

void Devices::Read(Device& device) {
  std::array<std::uint8_t, 512> buffer;
  auto got = device.port->Read(buffer, steady_clock::time_point());
  if (!got && got.error().code == Code::kTimeout) return;
  if (!got) {
    Unplug(device);
    events_.boards_changed();
    events_.changed();
    return;
  }
  device.splitter.Add({buffer.data(), *got}, [&](std::string line) { Line(device, std::move(line)); });
}

void Devices::Line(Device& device, std::string line) {
  if (auto hello = ParseHello(line)) {
    const bool news = device.hello != hello;
    device.hello = std::move(hello);
    Settle(device);
    if (news) events_.changed();
  } else if (!device.hello) {
    device.heard = line.substr(0, kMaxHeardBytes);
  }
  if (loop_.Now() - device.second_began >= std::chrono::seconds(1)) {
    if (device.dropped > 0) LogWarning("board {} talks too much: {} lines dropped", device.id, device.dropped);
    device.second_began = loop_.Now();
    device.lines_this_second = 0;
    device.dropped = 0;
  }
  if (++device.lines_this_second > options_.max_lines_a_second) {
    ++device.dropped;
    return;
  }
  events_.line(device.id, line);
}

/// Answers whoever waits for a hello, if there is an answer.
void Devices::Settle(Device& device) {
  Result<Hello> answer = Error{Code::kUnavailable, ""};
  if (device.hello) {
    answer = *device.hello;
  } else if (device.state == Device::State::kAbsent) {
    answer = Error{Code::kUnavailable, fmt::format("board {} is unplugged", device.id)};
  } else if (!device.open_error.empty()) {
    answer = Error{Code::kUnavailable, device.open_error};
  } else {
    return;
  }
  auto waiters = std::move(device.waiters);
  device.waiters.clear();
  for (auto& [number, waiter] : waiters) {
    waiter.timeout.Reset();
    loop_.Post([done = std::move(waiter.done), answer] { done(answer); });
  }
}

void Devices::WaitForHello(const std::string& id, milliseconds patience, std::function<void(Result<Hello>)> done) {
  const auto found = devices_.find(id);
  if (found == devices_.end()) {
    loop_.Post([id, done] { done(Error{Code::kUnavailable, "board " + id + " is not there"}); });
    return;
  }
  Device& device = *found->second;
  const int number = device.next_waiter++;
  Waiter& waiter = device.waiters[number];
  waiter.done = std::move(done);
  waiter.timeout = loop_.After(patience, [this, &device, number, patience] {
    auto late = device.waiters.extract(number);
    const std::string heard = device.heard.empty() ? "it said nothing" : "it said \"" + device.heard + "\"";
    late.mapped().done(Error{Code::kTimeout, fmt::format("board {} did not say hello within {} ms; {}", device.id,
                                                         patience.count(), heard)});
  });
  Settle(device);
}

void Devices::Restart(const std::string& id) {
  const auto found = devices_.find(id);
  if (found == devices_.end() || found->second->state != Device::State::kListening) return;
  Device& device = *found->second;
  device.watch.Reset();
  device.port.reset();
  device.hello.reset();
  device.heard.clear();
  Open(device);
}

void Devices::Flash(const std::string& id, const BoardType& board, FlashOrder order,
                    std::function<void(Result<FlashReport>)> done) {
  const auto found = devices_.find(id);
  if (found == devices_.end() || found->second->state == Device::State::kAbsent) {
    loop_.Post([id, done] { done(Error{Code::kUnavailable, "board " + id + " is not plugged in"}); });
    return;
  }
  Device& device = *found->second;
  if (device.state == Device::State::kOpening) {
    // The port is on its way here from the worker.
    device.when_opened = [this, id, &board, order = std::move(order), done = std::move(done)] {
      Flash(id, board, order, done);
    };
    return;
  }
  device.watch.Reset();
  device.hello.reset();
  device.heard.clear();
  device.state = Device::State::kFlashing;
  struct Outcome {
    Result<FlashReport> result;
    std::unique_ptr<SerialPort> port;
  };
  device.worker.Run(
      [this, port = std::move(device.port), name = device.info.name, &board, order = std::move(order)]() mutable {
        if (!port) {
          auto opened = system_.Open(name, board.bauds.front());
          if (!opened) return Outcome{std::move(opened).error(), nullptr};
          port = *std::move(opened);
        }
        const FlashJob job{.image = order.image,
                           .file = order.file,
                           .known = order.known ? &*order.known : nullptr,
                           .progress = nullptr};
        auto flashed = CreateFlasher(board.protocol)->Flash(port, board, job);
        // What follows is the application's.
        if (port) {
          auto speed = port->SetFormat({board.hello_baud});
          if (!speed && flashed) flashed = std::move(speed).error();
        }
        return Outcome{std::move(flashed), std::move(port)};
      },
      [this, id, done = std::move(done)](Outcome outcome) {
        Flashed(id, std::move(outcome.result), std::move(outcome.port), done);
      });
}

void Devices::Flashed(const std::string& id, Result<FlashReport> result, std::unique_ptr<SerialPort> port,
                      const std::function<void(Result<FlashReport>)>& done) {
  Device& device = *devices_.at(id);
  if (device.state == Device::State::kFlashing) {
    // After a failure the port is opened anew, which resets the board: it may be anywhere in its protocol.
    if (result && port) {
      device.port = std::move(port);
      Listen(device);
    } else {
      port.reset();
      Open(device);
    }
  }
  port.reset();
  done(std::move(result));
}

std::vector<v1::Board> Devices::Boards() const {
  std::vector<v1::Board> boards;
  for (const auto& [id, device] : devices_) {
    if (device->state == Device::State::kAbsent) continue;
    v1::Board board;
    board.set_type(std::string(device->type->name));
    board.set_serial_number(device->info.serial_number);
    board.set_port(device->info.name);
    board.set_usb_vendor(device->info.usb_vendor);
    board.set_usb_product(device->info.usb_product);
    boards.push_back(std::move(board));
  }
  return boards;
}

std::vector<v1::ReportedDevice> Devices::Report() const {
  std::vector<v1::ReportedDevice> report;
  for (const auto& [id, device] : devices_) {
    v1::ReportedDevice entry;
    entry.set_id(id);
    entry.set_board(std::string(device->type->name));
    entry.set_port(device->info.name);
    entry.set_present(device->state != Device::State::kAbsent);
    if (device->hello) {
      entry.set_firmware(device->hello->firmware);
      entry.set_firmware_version(device->hello->version);
    }
    report.push_back(std::move(entry));
  }
  return report;
}

Result<std::string> Devices::Find(const v1::McuHost& host) const {
  std::vector<const Device*> fitting;
  std::string there;
  std::string fit;
  for (const auto& [id, device] : devices_) {
    if (device->state == Device::State::kAbsent) continue;
    there += fmt::format("{}{} {}", there.empty() ? "" : ", ", device->type->name, id);
    const bool type_fits = device->type->name == host.board();
    if (type_fits && (host.serial_number().empty() || host.serial_number() == device->info.serial_number)) {
      fitting.push_back(device.get());
      fit += fmt::format("{}{} at {}", fit.empty() ? "" : ", ", id, device->info.name);
    }
  }
  const std::string wanted =
      host.board() + (host.serial_number().empty() ? "" : " with serial number " + host.serial_number());
  if (fitting.empty()) {
    return Error{Code::kNotFound,
                 fmt::format("no {} is plugged in; there is {}", wanted, there.empty() ? "no board" : there)};
  }
  if (fitting.size() > 1) {
    return Error{Code::kConflict, fmt::format("several boards fit {} ({}); {}", wanted, fit,
                                              host.serial_number().empty() ? "give the serial_number of one"
                                                                           : "leave only one of them plugged in")};
  }
  return fitting.front()->id;
}

std::string Devices::PortOf(const std::string& device) const {
  const auto found = devices_.find(device);
  return found == devices_.end() ? "" : found->second->info.name;
}

}  // namespace motley::agent
