#include "agent/devices/speech.h"

#include <algorithm>
#include <cmath>

namespace motley::agent {
namespace {

constexpr std::size_t kMaxHelloBytes = 100;

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// One word of a hello, as it also must be in a line.
bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHelloBytes && IsPrintable(text) && text.find(' ') == text.npos;
}

}  // namespace

void Speech::Add(std::span<const std::uint8_t> bytes, Time now, const Sink& sink) {
  if (now - second_began_ >= std::chrono::seconds(1)) {
    second_began_ = now;
    lines_ = 0;
    readings_ = 0;
  }
  stream_.Add(bytes, {.line = [&](const std::string& line) { Line(line, sink); },
                      .message = [&](const v1::DeviceMessage& message) { Message(message, sink); }});
  counts_.broken_frames = stream_.broken_frames();
}

void Speech::Line(const std::string& line, const Sink& sink) {
  const auto hello = ParseHello(line);
  if (hello) sink.hello(*hello);
  Say(line, sink);
  if (hello) return;
  for (const auto& [metric, value] : ParseReadings(line)) Read(metric, value, sink);
}

void Speech::Say(const std::string& line, const Sink& sink) {
  if (lines_ == limits_.lines_a_second) {
    ++counts_.dropped_lines;
  } else {
    ++lines_;
    sink.line(line);
  }
}

void Speech::Read(const std::string& metric, double value, const Sink& sink) {
  if (readings_ == limits_.readings_a_second) {
    ++counts_.dropped_readings;
  } else {
    ++readings_;
    sink.reading(metric, value);
  }
}

void Speech::Message(const v1::DeviceMessage& message, const Sink& sink) {
  if (message.has_hello()) SaidHello(message.hello(), sink);
  for (const v1::DeviceMessage::Reading& reading : message.readings()) {
    const bool is_integer = reading.value_case() == v1::DeviceMessage::Reading::kInteger;
    const bool is_number =
        reading.value_case() == v1::DeviceMessage::Reading::kNumber && std::isfinite(reading.number());
    if (!IsMetricName(reading.metric()) || (!is_integer && !is_number)) {
      ++counts_.refused_values;
    } else {
      Read(reading.metric(), is_integer ? reading.integer() : double{reading.number()}, sink);
    }
  }
  if (message.text().empty()) return;
  // It may have any bytes, and several lines.
  LineSplitter splitter;
  const std::string text = message.text() + "\n";
  splitter.Add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
               [&](const std::string& line) { Line(line, sink); });
}

void Speech::SaidHello(const v1::DeviceMessage::Hello& said, const Sink& sink) {
  const std::string& self_test = said.self_test();
  if (!IsWord(said.firmware()) || !IsWord(said.version()) || self_test.size() > kMaxHelloBytes ||
      !IsPrintable(self_test)) {
    ++counts_.refused_values;
    return;
  }
  sink.hello({said.firmware(), said.version(), self_test});
  Say("hello firmware=" + said.firmware() + " version=" + said.version() +
          (self_test.empty() ? "" : " selftest=" + self_test),
      sink);
}

}  // namespace motley::agent
