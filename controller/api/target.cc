#include "controller/api/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace motley::controller {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus { kPlus, kSpace };

Result<std::string> Unescape(std::string_view text, Plus plus) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return Error{Code::kInvalid,
                     fmt::format("broken escape \"{}\" in the address: write % as %25", text.substr(i, 3))};
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == Plus::kSpace) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return Error{Code::kInvalid,
                   fmt::format("control character {:#04x} in the address", static_cast<unsigned char>(c))};
    }
    plain += c;
  }
  return plain;
}

/// Calls `take` with each piece of `text` between separators.
template <typename Take>
Result<void> ForEachPiece(std::string_view text, char separator, Take take) {
  while (true) {
    const auto end = text.find(separator);
    TRY(take(text.substr(0, end)));
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<Target> ParseTarget(std::string_view target) {
  if (!target.starts_with('/')) {
    return Error{Code::kInvalid, fmt::format("the address \"{}\" does not start with '/'", target.substr(0, 100))};
  }
  Target parsed;
  const auto mark = target.find('?');
  parsed.path = std::string(target.substr(0, mark));
  TRY(ForEachPiece(std::string_view(parsed.path).substr(1), '/', [&](std::string_view piece) -> Result<void> {
    TRY_ASSIGN(auto segment, Unescape(piece, Plus::kPlus));
    parsed.segments.push_back(std::move(segment));
    return {};
  }));
  if (mark == std::string_view::npos) return parsed;
  TRY(ForEachPiece(target.substr(mark + 1), '&', [&](std::string_view piece) -> Result<void> {
    if (piece.empty()) return {};
    const auto equals = piece.find('=');
    TRY_ASSIGN(auto name, Unescape(piece.substr(0, equals), Plus::kSpace));
    std::string value;
    if (equals != std::string_view::npos) {
      TRY_ASSIGN(value, Unescape(piece.substr(equals + 1), Plus::kSpace));
    }
    parsed.query.insert_or_assign(std::move(name), std::move(value));
    return {};
  }));
  return parsed;
}

RangeChoice ParseRange(std::string_view header, std::uint64_t size_bytes) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return {};
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return {};
  const auto first = ParseNumber(header.substr(0, dash));
  const auto last = ParseNumber(header.substr(dash + 1));
  const bool open_end = dash + 1 == header.size();
  if (dash == 0) {
    // The last n bytes.
    if (!last) return {};
    if (*last == 0 || size_bytes == 0) return {RangeKind::kUnsatisfiable, {}};
    return {RangeKind::kPart, {size_bytes - std::min(*last, size_bytes), size_bytes - 1}};
  }
  if (!first || (!last && !open_end) || (last && *last < *first)) return {};
  if (*first >= size_bytes) return {RangeKind::kUnsatisfiable, {}};
  return {RangeKind::kPart, {*first, last ? std::min(*last, size_bytes - 1) : size_bytes - 1}};
}

}  // namespace motley::controller
