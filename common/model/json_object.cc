#include "common/model/json_object.h"

#include <algorithm>

namespace motley {
namespace {

constexpr int kMaxDepth = 64;

/// Each Take... takes what its name says from the front of the text, or fails.
class Recogniser {
 public:
  explicit Recogniser(std::string_view text) : rest_(text) {}

  bool IsObject() {
    TakeSpace();
    return rest_.starts_with('{') && TakeValue(0) && rest_.empty();
  }

 private:
  void TakeSpace() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  bool Take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  /// With the space around it.
  bool TakeValue(int depth) {
    if (depth > kMaxDepth) return false;
    TakeSpace();
    const bool taken = rest_.starts_with('{')   ? TakeList('{', '}', depth)
                       : rest_.starts_with('[') ? TakeList('[', ']', depth)
                       : rest_.starts_with('"') ? TakeString()
                                                : Take("true") || Take("false") || Take("null") || TakeNumber();
    TakeSpace();
    return taken;
  }

  bool TakeList(char open, char close, int depth) {
    rest_.remove_prefix(1);
    TakeSpace();
    if (Take({&close, 1})) return true;
    do {
      TakeSpace();
      if (open == '{' && !TakeKey()) return false;
      if (!TakeValue(depth + 1)) return false;
    } while (Take(","));
    return Take({&close, 1});
  }

  bool TakeKey() {
    if (!TakeString()) return false;
    TakeSpace();
    return Take(":");
  }

  bool TakeString() {
    if (!Take("\"")) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !TakeEscape()) return false;
    }
    return false;
  }

  bool TakeEscape() {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    const auto digits = std::min(rest_.find_first_not_of("0123456789abcdefABCDEF"), rest_.size());
    if (digits < 4) return false;
    rest_.remove_prefix(4);
    return true;
  }

  std::size_t TakeDigits() {
    const auto digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    rest_.remove_prefix(digits);
    return digits;
  }

  bool TakeNumber() {
    Take("-");
    if (!Take("0") && TakeDigits() == 0) return false;
    if (Take(".") && TakeDigits() == 0) return false;
    if (Take("e") || Take("E")) {
      if (!Take("+")) Take("-");
      return TakeDigits() > 0;
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool IsJsonObject(std::string_view text) { return Recogniser(text).IsObject(); }

}  // namespace motley
