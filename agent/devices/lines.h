#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace motley::agent {

/// What an application says when it starts: "hello firmware=blink version=1.0.0", and "selftest=ok" or another word
/// behind that where it tests itself first.
struct Hello {
  std::string firmware;
  std::string version;
  /// Empty: it did not say.
  std::string self_test = "";
  bool operator==(const Hello&) const = default;
};

/// The hello in a line. Bytes in front of it are skipped: what was on the wire before the reset.
std::optional<Hello> ParseHello(std::string_view line);

/// [A-Za-z0-9_.-]{1,63}.
bool IsMetricName(std::string_view name);

/// The key=value words of a line whose values are numbers: "uptime_ms=5 led=on t=21.5" gives uptime_ms and t.
std::vector<std::pair<std::string, double>> ParseReadings(std::string_view line);

/// Cuts what comes from a board into lines: without end of line, valid UTF-8 (other bytes become '?'), at most
/// kMaxLineBytes, longer ones in pieces. Empty lines are left out.
class LineSplitter {
 public:
  static constexpr std::size_t kMaxLineBytes = 512;
  void Add(std::span<const std::uint8_t> bytes, const std::function<void(std::string)>& line);
  void Clear() { pending_.clear(); }

 private:
  std::string pending_;
};

}  // namespace motley::agent
