#include "tests/agent/flash/chip_port.h"

#include <algorithm>

namespace motley::tests {
namespace {

using boards::Micros;
using std::chrono::steady_clock;

constexpr std::uint8_t kFlip = 0x10;

}  // namespace

ChipPort::ChipPort(boards::Rom& chip, Micros& now, Fault fault) : chip_(chip), now_(now), fault_(fault) {
  chip_.SetLines(true, true, now_);
  rts_ = true;
}

Error ChipPort::Gone() const {
  return {Code::kUnavailable, "serial port " + name_ + " is gone: was the board unplugged?"};
}

void ChipPort::Pass(Micros until) {
  for (auto event = chip_.NextEvent(); event && *event <= until && input_.empty(); event = chip_.NextEvent()) {
    now_ = std::max(now_, *event);
    chip_.Advance(now_);
    Collect();
  }
  if (input_.empty()) now_ = std::max(now_, until);
}

void ChipPort::Collect() {
  for (const boards::SentByte& byte : chip_.TakeOutput()) {
    const std::uint8_t heard = boards::Heard({baud_, boards::Parity::kNone}, byte.format, byte.value);
    input_.push_back(++received_ == fault_.flip_from_chip ? heard ^ kFlip : heard);
  }
}

Result<std::size_t> ChipPort::Read(std::span<std::uint8_t> buffer, agent::Deadline deadline) {
  if (gone_) return Gone();
  Collect();
  if (input_.empty()) {
    Pass(now_ + std::max(Micros(0), std::chrono::ceil<Micros>(deadline - steady_clock::now())));
  }
  if (input_.empty()) return Error{Code::kTimeout, "nothing came from " + name_ + " in time"};
  const std::size_t size = std::min(buffer.size(), input_.size());
  std::copy_n(input_.begin(), size, buffer.begin());
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size));
  return size;
}

Result<void> ChipPort::Write(std::span<const std::uint8_t> data, agent::Deadline) {
  for (const std::uint8_t byte : data) {
    if (++sent_ == fault_.cut_at) {
      gone_ = true;
      chip_.SetLines(false, false, now_);
    }
    if (gone_) return Gone();
    const Micros arrival = now_ + Micros(10'000'000 / baud_);
    for (auto event = chip_.NextEvent(); event && *event <= arrival; event = chip_.NextEvent()) {
      now_ = std::max(now_, *event);
      chip_.Advance(now_);
    }
    now_ = arrival;
    const auto value = static_cast<std::uint8_t>(sent_ == fault_.flip_to_chip ? byte ^ kFlip : byte);
    chip_.Receive(value, {baud_, boards::Parity::kNone}, now_);
  }
  return {};
}

Result<void> ChipPort::SetFormat(agent::SerialFormat format) {
  if (gone_) return Gone();
  baud_ = format.baud;
  return {};
}

Result<void> ChipPort::SetModemLines(agent::ModemLines lines) {
  if (gone_) return Gone();
  // As a driver that changes one after the other.
  chip_.SetLines(lines.dtr, rts_, now_);
  chip_.SetLines(lines.dtr, lines.rts, now_);
  rts_ = lines.rts;
  return {};
}

Result<void> ChipPort::DiscardInput() {
  if (gone_) return Gone();
  Collect();
  input_.clear();
  return {};
}

}  // namespace motley::tests
