#include "common/model/version.h"

#include <algorithm>
#include <vector>

namespace motley {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kIdentifier = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
constexpr std::size_t kMaxBytes = 128;

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kDigits) == std::string_view::npos;
}

bool IsPlainNumber(std::string_view text) { return IsNumber(text) && (text.size() == 1 || text.front() != '0'); }

bool AreIdentifiers(std::string_view text, bool leading_zeros) {
  for (const std::string_view part : Split(text)) {
    if (part.empty() || part.find_first_not_of(kIdentifier) != std::string_view::npos) return false;
    if (!leading_zeros && IsNumber(part) && !IsPlainNumber(part)) return false;
  }
  return true;
}

struct Parts {
  std::string_view core;
  std::string_view prerelease;
  std::string_view build;
  bool has_prerelease;
  bool has_build;
};

Parts Take(std::string_view text) {
  Parts parts{};
  const auto plus = text.find('+');
  parts.has_build = plus != std::string_view::npos;
  if (parts.has_build) parts.build = text.substr(plus + 1);
  text = text.substr(0, plus);
  const auto dash = text.find('-');
  parts.has_prerelease = dash != std::string_view::npos;
  if (parts.has_prerelease) parts.prerelease = text.substr(dash + 1);
  parts.core = text.substr(0, dash);
  return parts;
}

int CompareNumbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int CompareIdentifiers(std::string_view a, std::string_view b) {
  if (IsNumber(a) && IsNumber(b)) return CompareNumbers(a, b);
  if (IsNumber(a) != IsNumber(b)) return IsNumber(a) ? -1 : 1;
  return a.compare(b);
}

int CompareLists(std::string_view a, std::string_view b) {
  const auto left = Split(a);
  const auto right = Split(b);
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (const int order = CompareIdentifiers(left[i], right[i]); order != 0) return order;
  }
  return static_cast<int>(left.size()) - static_cast<int>(right.size());
}

}  // namespace

bool IsVersion(std::string_view text) {
  if (text.size() > kMaxBytes) return false;
  const Parts parts = Take(text);
  const auto core = Split(parts.core);
  return core.size() == 3 && std::all_of(core.begin(), core.end(), IsPlainNumber) &&
         (!parts.has_prerelease || AreIdentifiers(parts.prerelease, false)) &&
         (!parts.has_build || AreIdentifiers(parts.build, true));
}

int CompareVersions(std::string_view a, std::string_view b) {
  const Parts left = Take(a);
  const Parts right = Take(b);
  if (const int order = CompareLists(left.core, right.core); order != 0) return order;
  if (left.has_prerelease != right.has_prerelease) return left.has_prerelease ? -1 : 1;
  return left.has_prerelease ? CompareLists(left.prerelease, right.prerelease) : 0;
}

}  // namespace motley
