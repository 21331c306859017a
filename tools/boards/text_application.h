#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/boards/rom.h"

namespace motley::boards {

/// The application of a board whose code is not executed. Its image says what it does, in the text that begins with
/// kMarker somewhere in it and ends with a NUL: words "key=value" between spaces, as in
///   motley-app:firmware=blink version=1.0.0 selftest=ok crash_ms=500
/// Once started it says "hello firmware=blink version=1.0.0 selftest=ok", with all words but these, and then each
/// second "uptime_ms=N":
///   hello=off      says nothing at all
///   hello_ms=N     so long after the start (default 20)
///   crash_ms=N     the chip resets N ms after each start
///   baud=N         speaks 8N1 at this rate (default 115200)
/// One thread. As a Rom, it has no clock of its own.
class TextApplication {
 public:
  static constexpr char kMarker[] = "motley-app:";

  /// The one whose marker comes first in `flash`, not started; nothing without a marker, or without a NUL within 1 KiB
  /// behind it, or with a number that is none.
  static std::optional<TextApplication> Find(std::span<const std::uint8_t> flash);

  void Start(Micros now);
  SerialFormat format() const { return {baud_, Parity::kNone}; }
  /// "" unless it is a word of the image.
  std::string Word(const std::string& key) const;

  /// When it says something or crashes next; nothing: never.
  std::optional<Micros> NextEvent() const;
  enum class Outcome {
    kRuns,
    kCrashed,  ///< the chip has to reset, which starts whatever a reset starts
  };
  /// Says what is due by `now`.
  Outcome Advance(Micros now);
  std::vector<SentByte> TakeOutput();

 private:
  void Say(const std::string& line);

  std::vector<std::pair<std::string, std::string>> words_;
  std::string hello_;  // empty: says nothing
  Micros hello_delay_{20'000};
  std::optional<Micros> crash_delay_;
  std::uint32_t baud_ = 115200;
  Micros started_{0};
  std::optional<Micros> next_line_;
  std::uint64_t lines_ = 0;  // said since the start
  std::vector<SentByte> output_;
};

}  // namespace motley::boards
