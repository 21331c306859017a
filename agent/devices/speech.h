#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "agent/devices/frames.h"
#include "agent/devices/lines.h"

namespace motley::agent {

/// What one board says, in lines and in frames alike: hellos, lines for its log, and readings; held within bounds, and
/// with what is wrong left out and counted. Pure.
class Speech {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Limits {
    int lines_a_second = 100;
    int readings_a_second = 500;
  };

  /// Since the object was made.
  struct Counts {
    std::uint64_t dropped_lines = 0;
    std::uint64_t dropped_readings = 0;
    /// Neither a frame nor text.
    std::uint64_t broken_frames = 0;
    /// In frames that are whole: names that are none, numbers that are none or without end, hellos without name or
    /// version.
    std::uint64_t refused_values = 0;
    bool operator==(const Counts&) const = default;
  };

  /// `line` also gets a hello, as a line has it. Hellos are never dropped.
  struct Sink {
    std::function<void(const Hello& hello)> hello;
    std::function<void(const std::string& line)> line;
    std::function<void(const std::string& metric, double value)> reading;
  };

  explicit Speech(Limits limits) : limits_(limits) {}
  void Add(std::span<const std::uint8_t> bytes, Time now, const Sink& sink);
  /// As after a reset of the board.
  void Clear() { stream_.Clear(); }

  const Counts& counts() const { return counts_; }

 private:
  void Line(const std::string& line, const Sink& sink);
  void Say(const std::string& line, const Sink& sink);
  void Read(const std::string& metric, double value, const Sink& sink);
  void Message(const v1::DeviceMessage& message, const Sink& sink);
  void SaidHello(const v1::DeviceMessage::Hello& said, const Sink& sink);

  const Limits limits_;
  DeviceStream stream_;
  Time second_began_;
  int lines_ = 0;
  int readings_ = 0;
  Counts counts_;
};

}  // namespace motley::agent
