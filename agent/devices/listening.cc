#include <fmt/format.h>

#include <array>

#include "agent/devices/application_reset.h"
#include "agent/devices/device.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxHeardBytes = 80;
/// What was dropped or was wrong is told so often at most.
constexpr std::chrono::seconds kTellPause{1};
/// Without dropping for so long a flood is over.
constexpr std::chrono::minutes kFloodPause{1};

/// Blocks. Opens the port of a board whose application starts anew by that.
Result<std::unique_ptr<SerialPort>> OpenAndStart(SerialSystem& system, const std::string& name,
                                                 const BoardType& board) {
  TRY_ASSIGN(auto port, system.Open(name, board.hello_baud));
  TRY(StartApplication(*port, board.reset));
  return port;
}

/// Boards whose USB is the chip's own leave it when the chip is reset.
bool HasNativeUsb(const BoardType& board) {
  return board.reset == ResetMethod::kTouch1200 || board.reset == ResetMethod::kUsbJtag ||
         board.reset == ResetMethod::kNone;
}

}  // namespace

void Devices::Open(Device& device) {
  device.state = Device::State::kOpening;
  device.worker.Run([this, name = device.info.name, type = device.type] { return OpenAndStart(system_, name, *type); },
                    [this, id = device.id](PortResult port) { Opened(id, std::move(port)); });
}

void Devices::Opened(const std::string& id, PortResult port) {
  Device& device = *devices_.at(id);
  if (device.state != Device::State::kOpening) return;
  if (!port && Returns(device)) return Vanished(device);
  if (!port) {
    const bool news = device.open_error != port.error().message;
    if (news) LogWarning("{}", port.error().message);
    device.open_error = port.error().message;
    device.state = Device::State::kClosed;
    Settle(device);
    if (news) events_.changed();
  } else {
    device.port = *std::move(port);
    device.hello.reset();
    device.heard.clear();
    device.speech.Clear();
    device.starts.Expect();
    Listen(device);
  }
  if (auto flash = std::exchange(device.when_opened, nullptr)) flash();
}

void Devices::Listen(Device& device) {
  device.state = Device::State::kListening;
  if (!device.open_error.empty()) events_.changed();
  device.open_error.clear();
  device.watch = loop_.WatchReadable(device.port->fd(), [this, &device] { Read(device); });
}

void Devices::Read(Device& device) {
  std::array<std::uint8_t, 512> buffer;
  auto got = device.port->Read(buffer, steady_clock::time_point());
  if (!got && got.error().code == Code::kTimeout) return;
  if (!got && Returns(device)) return Vanished(device);
  if (!got) {
    Unplug(device);
    events_.boards_changed();
    events_.changed();
    return;
  }
  device.speech.Add(
      {buffer.data(), *got}, loop_.Now(),
      {.hello = [&](const Hello& hello) { SaidHello(device, hello); },
       .line =
           [&](const std::string& line) {
             if (!device.hello) device.heard = line.substr(0, kMaxHeardBytes);
             events_.line(device.id, line);
           },
       .reading = [&](const std::string& metric, double value) { events_.reading(device.id, metric, value); }});
  if (device.speech.counts() == device.told || device.is_telling) return;
  device.is_telling = true;
  device.telling = loop_.After(kTellPause, [this, &device] { TellCounts(device); });
}

void Devices::SaidHello(Device& device, const Hello& hello) {
  const auto restarts = device.starts.unasked();
  device.starts.Saw(loop_.Now());
  const bool news = device.hello != hello || device.starts.unasked() != restarts;
  device.hello = hello;
  Settle(device);
  if (news) events_.changed();
}

/// All counts as readings, and a flood in words when it begins.
void Devices::TellCounts(Device& device) {
  device.is_telling = false;
  const Speech::Counts& now = device.speech.counts();
  const Speech::Counts before = std::exchange(device.told, now);
  const auto tell = [&](const char* metric, std::uint64_t count, std::uint64_t told) {
    if (count != told) events_.reading(device.id, metric, static_cast<double>(count));
  };
  tell("dropped_lines", now.dropped_lines, before.dropped_lines);
  tell("dropped_readings", now.dropped_readings, before.dropped_readings);
  tell("broken_frames", now.broken_frames, before.broken_frames);
  tell("refused_values", now.refused_values, before.refused_values);
  const auto lines = now.dropped_lines - before.dropped_lines;
  const auto readings = now.dropped_readings - before.dropped_readings;
  if (lines + readings == 0) return;
  if (loop_.Now() >= device.flood_ends) {
    const std::string text = fmt::format(
        "it says too much: {} lines and {} readings were dropped; {} lines and {} readings a second are kept, and "
        "dropped_lines and dropped_readings count on",
        lines, readings, options_.limits.lines_a_second, options_.limits.readings_a_second);
    LogWarning("board {}: {}", device.id, text);
    events_.trouble(device.id, text);
  }
  device.flood_ends = loop_.Now() + kFloodPause;
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
  const int number = device.next_number++;
  HelloWaiter& waiter = device.waiters[number];
  waiter.done = std::move(done);
  waiter.timeout = loop_.After(patience, [&device, number, patience] {
    auto late = device.waiters.extract(number);
    const bool away = device.state == Device::State::kReturning;
    const std::string heard = away                   ? "it left its port and did not come back"
                              : device.heard.empty() ? "it said nothing"
                                                     : "it said \"" + device.heard + "\"";
    late.mapped().done(Error{Code::kTimeout, fmt::format("board {} did not say hello within {} ms; {}", device.id,
                                                         patience.count(), heard)});
  });
  Settle(device);
}

void Devices::CountStarts(const std::string& id, milliseconds duration,
                          std::function<void(Result<std::uint32_t>)> done) {
  const auto found = devices_.find(id);
  const Error gone{Code::kUnavailable, "board " + id + " is unplugged"};
  if (found == devices_.end()) return loop_.Post([gone, done] { done(gone); });
  Device& device = *found->second;
  const int number = device.next_number++;
  const auto finish = [&device, number, from = loop_.Now() - duration, gone, done] {
    const Handle ended = std::move(device.probations.extract(number).mapped());
    if (device.state == Device::State::kAbsent) return done(gone);
    done(device.starts.UnaskedSince(from));
  };
  device.probations[number] = loop_.After(duration, finish);
}

std::optional<Hello> Devices::HelloOf(const std::string& id) const {
  const auto found = devices_.find(id);
  return found == devices_.end() ? std::nullopt : found->second->hello;
}

std::uint32_t Devices::RestartsOf(const std::string& id) const {
  const auto found = devices_.find(id);
  return found == devices_.end() ? 0 : found->second->starts.unasked();
}

bool Devices::InCrashLoop(const std::string& id) const {
  const auto found = devices_.find(id);
  return found != devices_.end() && found->second->starts.InCrashLoop(loop_.Now());
}

void Devices::Restart(const std::string& id) {
  const auto found = devices_.find(id);
  if (found == devices_.end() || found->second->state != Device::State::kListening) return;
  Device& device = *found->second;
  device.watch.Reset();
  device.hello.reset();
  device.heard.clear();
  device.state = Device::State::kOpening;
  StartsAnew(device);
  device.worker.Run(
      [this, port = std::move(device.port), name = device.info.name, type = device.type]() mutable -> PortResult {
        TRY(PrepareToReopen(*port, type->reset));
        port.reset();
        return OpenAndStart(system_, name, *type);
      },
      [this, id](PortResult port) { Opened(id, std::move(port)); });
}

void Devices::StartsAnew(Device& device) {
  device.starts.Expect();
  if (HasNativeUsb(*device.type)) device.returns_until = loop_.Now() + options_.return_patience;
}

}  // namespace motley::agent
