#include "tools/boards/text_application.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>
#include <utility>

namespace motley::boards {
namespace {

constexpr std::size_t kMaxText = 1024;
constexpr Micros kUptimePeriod{1'000'000};

/// A day: no application of a test runs longer, and no sum of such times overflows.
constexpr std::uint32_t kMaxMilliseconds = 86'400'000;

bool ParseNumber(const std::string& text, std::uint32_t least, std::uint32_t most, std::uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
}

}  // namespace

std::optional<TextApplication> TextApplication::Find(std::span<const std::uint8_t> flash) {
  const std::string_view bytes(reinterpret_cast<const char*>(flash.data()), flash.size());
  const std::size_t marker = bytes.find(kMarker);
  if (marker == std::string_view::npos) return std::nullopt;
  const std::string_view rest = bytes.substr(marker + sizeof kMarker - 1, kMaxText);
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;

  TextApplication application;
  bool silent = false;
  std::string hello = "hello";
  std::istringstream words{std::string(rest.substr(0, end))};
  for (std::string word; words >> word;) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string key = word.substr(0, equals);
    const std::string value = equals < word.size() ? word.substr(equals + 1) : "";
    application.words_.emplace_back(key, value);
    std::uint32_t number = 0;
    if (key == "hello") {
      silent = value == "off";
    } else if (key == "hello_ms" || key == "crash_ms") {
      if (!ParseNumber(value, 0, kMaxMilliseconds, number)) return std::nullopt;
      const Micros time = std::chrono::milliseconds(number);
      if (key == "hello_ms") application.hello_delay_ = time;
      if (key == "crash_ms" && number > 0) application.crash_delay_ = time;
    } else if (key == "baud") {
      if (!ParseNumber(value, 1, 10'000'000, application.baud_)) return std::nullopt;
    } else {
      hello += " " + word;
    }
  }
  if (!silent) application.hello_ = hello;
  return application;
}

void TextApplication::Start(Micros now) {
  started_ = now;
  lines_ = 0;
  next_line_.reset();
  if (!hello_.empty()) next_line_ = now + hello_delay_;
}

std::string TextApplication::Word(const std::string& key) const {
  for (const auto& [name, value] : words_) {
    if (name == key) return value;
  }
  return "";
}

std::optional<Micros> TextApplication::NextEvent() const {
  if (!crash_delay_) return next_line_;
  const Micros crash = started_ + *crash_delay_;
  return next_line_ ? std::min(*next_line_, crash) : crash;
}

TextApplication::Outcome TextApplication::Advance(Micros now) {
  if (crash_delay_ && started_ + *crash_delay_ <= now) return Outcome::kCrashed;
  while (next_line_ && *next_line_ <= now) {
    Say(lines_ == 0 ? hello_ : fmt::format("uptime_ms={}", lines_ * 1000));
    ++lines_;
    next_line_ = started_ + kUptimePeriod * lines_;
  }
  return Outcome::kRuns;
}

void TextApplication::Say(const std::string& line) {
  for (const char c : line + "\r\n") output_.push_back({static_cast<std::uint8_t>(c), format()});
}

std::vector<SentByte> TextApplication::TakeOutput() { return std::exchange(output_, {}); }

}  // namespace motley::boards
