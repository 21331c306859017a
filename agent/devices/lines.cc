#include "agent/devices/lines.h"

#include <charconv>
#include <cmath>

namespace motley::agent {
namespace {

constexpr std::string_view kHello = "hello firmware=";
constexpr std::size_t kMaxWordBytes = 63;

std::string_view Word(std::string_view& text) {
  const auto start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) return text = {};
  text.remove_prefix(start);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// Boards send ASCII; what is not is noise on the line.
std::string Printable(std::string_view bytes) {
  std::string line(bytes);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte >= 0x7F) c = '?';
  }
  return line;
}

}  // namespace

bool IsMetricName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxWordBytes &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
             std::string_view::npos;
}

std::optional<Hello> ParseHello(std::string_view line) {
  const auto start = line.find(kHello);
  if (start == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(start + kHello.size());
  const std::string_view firmware = Word(rest);
  const std::string_view version = Word(rest);
  constexpr std::string_view kVersion = "version=";
  if (firmware.empty() || !version.starts_with(kVersion) || version.size() == kVersion.size()) return std::nullopt;
  Hello hello{std::string(firmware), std::string(version.substr(kVersion.size()))};
  constexpr std::string_view kSelfTest = "selftest=";
  for (std::string_view word = Word(rest); !word.empty(); word = Word(rest)) {
    if (word.starts_with(kSelfTest)) hello.self_test = word.substr(kSelfTest.size());
  }
  return hello;
}

std::vector<std::pair<std::string, double>> ParseReadings(std::string_view line) {
  std::vector<std::pair<std::string, double>> readings;
  for (std::string_view word = Word(line); !word.empty(); word = Word(line)) {
    const auto equals = word.find('=');
    if (equals == std::string_view::npos || !IsMetricName(word.substr(0, equals))) continue;
    const std::string_view text = word.substr(equals + 1);
    double value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) continue;
    readings.emplace_back(word.substr(0, equals), value);
  }
  return readings;
}

void LineSplitter::Add(std::span<const std::uint8_t> bytes, const std::function<void(std::string)>& line) {
  for (const std::uint8_t byte : bytes) {
    const bool end = byte == '\n' || byte == '\r';
    if (!end) pending_ += static_cast<char>(byte);
    if ((end && !pending_.empty()) || pending_.size() == kMaxLineBytes) {
      line(Printable(pending_));
      pending_.clear();
    }
  }
}

}  // namespace motley::agent
