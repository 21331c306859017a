#include "tools/boards/line_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace motley::boards {
namespace {

constexpr std::uint8_t kFlippedBit = 0x04;

/// More than any timeout of a protocol.
constexpr std::uint64_t kMaxDelayMs = 60'000;

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Counts one byte; whether it was the last.
bool CountedDown(std::uint64_t& counter) { return counter > 0 && --counter == 0; }

/// Counts one byte; whether it is among those that are counted.
bool Counted(std::uint64_t& counter) { return counter > 0 && counter-- > 0; }

}  // namespace

LineFaults::Arrival LineFaults::FromClient(std::uint8_t byte) {
  if (CountedDown(mute_at_)) muted_ = true;
  const bool reset = CountedDown(reset_at_);
  if (reset || muted_ || Counted(lose_input_)) return {std::nullopt, reset};
  if (Counted(corrupt_input_)) byte ^= kFlippedBit;
  return {byte, false};
}

std::optional<std::uint64_t> LineFaults::UntilCut() const {
  std::optional<std::uint64_t> until;
  for (const std::uint64_t at : {mute_at_, reset_at_}) {
    if (at > 0) until = std::min(until.value_or(at - 1), at - 1);
  }
  return until;
}

void LineFaults::ToClient(std::uint8_t byte, TimePoint now) {
  TimePoint due = now + delay_;
  if (!delayed_.empty()) due = std::max(due, delayed_.back().due);  // a shorter delay does not change the order
  delayed_.push_back({byte, due});
}

std::vector<std::uint8_t> LineFaults::Deliver(TimePoint now) {
  std::vector<std::uint8_t> bytes;
  while (!delayed_.empty() && delayed_.front().due <= now) {
    std::uint8_t byte = delayed_.front().byte;
    delayed_.pop_front();
    if (muted_ || Counted(lose_)) continue;
    if (Counted(corrupt_)) byte ^= kFlippedBit;
    bytes.push_back(byte);
  }
  return bytes;
}

std::optional<LineFaults::TimePoint> LineFaults::NextDelivery() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.front().due;
}

std::uint64_t* LineFaults::Counter(std::string_view name) {
  if (name == "mute-at") return &mute_at_;
  if (name == "reset-at") return &reset_at_;
  if (name == "corrupt") return &corrupt_;
  if (name == "corrupt-input") return &corrupt_input_;
  if (name == "lose") return &lose_;
  if (name == "lose-input") return &lose_input_;
  return nullptr;
}

std::optional<std::string> LineFaults::Execute(std::string_view name, std::string_view argument) {
  if (name == "mute") {
    if (argument != "on" && argument != "off") return fmt::format("error mute \"{}\": give on or off", argument);
    muted_ = argument == "on";
    if (!muted_) mute_at_ = 0;
    return "ok";
  }
  std::uint64_t* counter = Counter(name);
  if (counter == nullptr && name != "delay") return std::nullopt;
  const auto number = Number(argument);
  if (counter != nullptr) {
    if (!number) return fmt::format("error {} \"{}\": give a number of bytes, 0 for none", name, argument);
    *counter = *number;
    return "ok";
  }
  if (!number || *number > kMaxDelayMs) {
    return fmt::format("error delay \"{}\": give milliseconds, 0 to {}", argument, kMaxDelayMs);
  }
  delay_ = std::chrono::milliseconds(*number);
  return "ok";
}

std::string LineFaults::Statistics() const {
  return fmt::format("muted={:d} mute_at={} reset_at={} corrupt={} corrupt_input={} lose={} lose_input={} delay_ms={}",
                     muted_, mute_at_, reset_at_, corrupt_, corrupt_input_, lose_, lose_input_, delay_.count());
}

}  // namespace motley::boards
