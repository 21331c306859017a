#include <fmt/format.h>

#include "agent/devices/device.h"
#include "common/log/log.h"

namespace motley::agent {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Devices::FlashOutcome {
  Result<FlashReport> result;
  std::unique_ptr<SerialPort> port;
  milliseconds time{0};
};

/// A device whose port nobody is using. Errors: kUnavailable, kConflict.
Result<Devices::Device*> Devices::Idle(const std::string& id) {
  const auto found = devices_.find(id);
  if (found == devices_.end() || found->second->state == Device::State::kAbsent) {
    return Error{Code::kUnavailable, "board " + id + " is not plugged in"};
  }
  if (found->second->state == Device::State::kFlashing || found->second->when_opened) {
    return Error{Code::kConflict, "board " + id + " is being flashed; wait until that has ended"};
  }
  return found->second.get();
}

std::unique_ptr<SerialPort> Devices::TakePort(Device& device) {
  device.watch.Reset();
  device.state = Device::State::kFlashing;
  return std::move(device.port);
}

void Devices::Flash(const std::string& id, const BoardType& board, FlashOrder order,
                    std::function<void(Result<FlashReport>)> done) {
  const auto idle = Idle(id);
  if (!idle) {
    loop_.Post([error = idle.error(), done] { done(error); });
    return;
  }
  Device& device = **idle;
  if (device.state == Device::State::kOpening || device.state == Device::State::kReturning) {
    // The port is on its way here from the worker.
    device.when_opened = [this, id, &board, order = std::move(order), done = std::move(done)] {
      Flash(id, board, order, done);
    };
    return;
  }
  device.hello.reset();
  device.heard.clear();
  device.speech.Clear();
  auto port = TakePort(device);
  events_.changed();
  device.worker.Run(
      [this, port = std::move(port), name = device.info.name, &board, order = std::move(order)]() mutable {
        return FlashNow(std::move(port), name, board, order);
      },
      [this, id, done = std::move(done)](FlashOutcome outcome) { Flashed(id, std::move(outcome), done); });
}

/// Blocks; on the device's worker. `port` is null where it was not open.
Devices::FlashOutcome Devices::FlashNow(std::unique_ptr<SerialPort> port, const std::string& name,
                                        const BoardType& board, const FlashOrder& order) {
  if (!port) {
    auto opened = system_.Open(name, board.bauds.front());
    if (!opened) return {std::move(opened).error(), nullptr};
    port = *std::move(opened);
  }
  const FlashJob job{
      .image = order.image, .file = order.file, .known = order.known ? &*order.known : nullptr, .progress = nullptr};
  const auto began = steady_clock::now();
  auto flashed = CreateFlasher(board.protocol)->Flash(port, board, job);
  const auto time = std::chrono::ceil<milliseconds>(steady_clock::now() - began);
  // What follows is the application's.
  if (port) {
    auto speed = port->SetFormat({board.hello_baud});
    if (!speed && flashed) flashed = std::move(speed).error();
  }
  return {std::move(flashed), std::move(port), time};
}

void Devices::Flashed(const std::string& id, FlashOutcome outcome,
                      const std::function<void(Result<FlashReport>)>& done) {
  Device& device = *devices_.at(id);
  StartsAnew(device);
  device.flash_error = outcome.result ? "" : outcome.result.error().message;
  if (outcome.result) {
    device.starts.Forget();
    device.flashed = *outcome.result;
    device.flash_time = outcome.time;
    LogInfo("board {}: {} bytes written, {} were there already, in {} ms", id, device.flashed.written_bytes,
            device.flashed.skipped_bytes, outcome.time.count());
  }
  // After a failure the port is opened anew, which resets the board: it may be anywhere in its protocol.
  if (outcome.result && outcome.port) {
    device.port = std::move(outcome.port);
    Listen(device);
  } else {
    outcome.port.reset();
    Open(device);
    // It may have been pulled, or be somewhere else.
    ScanSoon();
  }
  events_.changed();
  done(std::move(outcome.result));
}

void Devices::Keep(const std::string& id, const BoardType& board, Image image, std::function<void(Result<void>)> done) {
  const auto idle = Idle(id);
  if (!idle || (*idle)->state != Device::State::kListening) {
    const Error error = idle ? Error{Code::kUnavailable, "the port of board " + id + " is not open"} : idle.error();
    loop_.Post([error, done] { done(error); });
    return;
  }
  struct Outcome {
    Result<void> result;
    std::unique_ptr<SerialPort> port;
  };
  (*idle)->worker.Run(
      [port = TakePort(**idle), &board, image = std::move(image)]() mutable {
        auto kept = CreateFlasher(board.protocol)->Keep(*port, board, image);
        if (kept) kept = port->SetFormat({board.hello_baud});
        return Outcome{std::move(kept), std::move(port)};
      },
      [this, &device = **idle, done = std::move(done)](Outcome outcome) {
        device.port = std::move(outcome.port);
        Listen(device);
        done(std::move(outcome.result));
      });
}

}  // namespace motley::agent
