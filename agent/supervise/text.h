#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace motley::agent {

/// The end of `text` from `start`, and its first `size` bytes. Like substr, which may throw and so would link the whole
/// of exception handling into a program that has no use for it.
inline std::string_view From(std::string_view text, std::size_t start) {
  return std::string_view(text.data() + start, text.size() - start);
}
inline std::string_view First(std::string_view text, std::size_t size) { return std::string_view(text.data(), size); }

/// Puts text together in an array; what does not fit is left out. Instead of snprintf, which alone is larger than the
/// rest of the supervisor.
template <std::size_t kSize>
class Text {
 public:
  Text& Add(std::string_view text) {
    for (const char c : text) {
      if (size_ + 1 < kSize) text_[size_++] = c;
    }
    text_[size_] = '\0';
    return *this;
  }
  Text& Add(std::int64_t number) {
    char digits[20];
    std::size_t start = sizeof digits;
    std::uint64_t rest = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    do {
      digits[--start] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (number < 0) Add("-");
    return Add(std::string_view(digits + start, sizeof digits - start));
  }

  std::string_view view() const { return std::string_view(text_, size_); }
  const char* c_str() const { return text_; }

 private:
  char text_[kSize] = {};
  std::size_t size_ = 0;
};

/// Reads a decimal number that fills `text`; false if it is none or too large.
inline bool ParseNumber(std::string_view text, std::int64_t* number) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 18) return false;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  *number = negative ? -value : value;
  return true;
}

}  // namespace motley::agent
