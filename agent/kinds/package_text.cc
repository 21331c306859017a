#include "agent/kinds/package_text.h"

#include <algorithm>

namespace motley::agent {
namespace {

constexpr std::size_t kErrorTextBytes = 500;

/// Calls `take` with each line.
template <typename Take>
void EachLine(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Takes what comes before the first `separator` off the front of `text`.
std::string_view Cut(std::string_view* text, char separator) {
  const auto end = std::min(text->find(separator), text->size());
  const auto part = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return part;
}

PackageStanding::State StateOf(std::string_view word, std::string_view flag) {
  using State = PackageStanding::State;
  if (flag != "ok") return State::kBroken;
  if (word == "installed") return State::kInstalled;
  if (word == "config-files") return State::kConfigFiles;
  if (word == "not-installed") return State::kAbsent;
  // dpkg runs these triggers by itself; the package works.
  if (word == "triggers-awaited" || word == "triggers-pending") return State::kInstalled;
  return State::kBroken;
}

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsIn(std::string_view text, std::string_view more, bool upper) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsLowerOrDigit(c) || (upper && c >= 'A' && c <= 'Z') || more.find(c) != std::string_view::npos;
  });
}

}  // namespace

PackageStanding ParseStanding(std::string_view output) {
  PackageStanding best;
  EachLine(output, [&](std::string_view line) {
    PackageStanding standing;
    standing.word = Cut(&line, '|');
    standing.state = StateOf(standing.word, Cut(&line, '|'));
    standing.version = Cut(&line, '|');
    standing.architecture = line;
    if (standing.state == PackageStanding::State::kAbsent) return;
    // In the order of the enum, what is installed or broken counts more than what is left of another architecture.
    if (standing.state > best.state) best = std::move(standing);
  });
  return best;
}

std::vector<PackageChange> ParseSimulation(std::string_view output) {
  std::vector<PackageChange> changes;
  EachLine(output, [&](std::string_view line) {
    const auto verb = Cut(&line, ' ');
    const bool install = verb == "Inst";
    if (!install && verb != "Remv" && verb != "Purg") return;
    PackageChange change;
    change.package = Cut(&line, ' ');
    if (line.starts_with('[')) {
      line.remove_prefix(1);
      change.before = Cut(&line, ']');
      if (line.starts_with(' ')) line.remove_prefix(1);
    }
    if (install) {
      if (!line.starts_with('(')) return;
      line.remove_prefix(1);
      change.after = line.substr(0, line.find_first_of(" )"));
    }
    changes.push_back(std::move(change));
  });
  return changes;
}

std::optional<std::string> ControlField(std::string_view control, std::string_view field) {
  std::optional<std::string> value;
  EachLine(control, [&](std::string_view line) {
    if (value || !line.starts_with(field) || line.substr(field.size(), 1) != ":") return;
    line.remove_prefix(field.size() + 1);
    const auto begin = line.find_first_not_of(" \t");
    const auto end = line.find_last_not_of(" \t\r");
    value = begin == std::string_view::npos ? "" : std::string(line.substr(begin, end + 1 - begin));
  });
  return value;
}

bool IsPackageName(std::string_view name) {
  const auto colon = name.find(':');
  const auto bare = name.substr(0, colon);
  if (colon != std::string_view::npos) {
    const auto architecture = name.substr(colon + 1);
    if (architecture.empty() || architecture.front() == '-' || !IsIn(architecture, "-", false)) return false;
  }
  return bare.size() >= 2 && bare.size() <= 128 && IsLowerOrDigit(bare.front()) && IsIn(bare, "+-.", false);
}

bool IsPackageVersion(std::string_view version) {
  return !version.empty() && version.size() <= 128 && version.front() >= '0' && version.front() <= '9' &&
         IsIn(version, ".+-~:", true);
}

std::string DebFileName(std::string_view name, std::string_view version) {
  std::string file = std::string(name) + "_" + std::string(version) + ".deb";
  for (auto at = file.find(':'); at != std::string::npos; at = file.find(':', at)) file.replace(at, 1, "%3a");
  return file;
}

std::string PackageErrorText(std::string_view error_output, std::string_view last_words) {
  std::string text;
  bool goes_on = false;
  EachLine(error_output, [&](std::string_view line) {
    // dpkg says why on the line after.
    const bool dpkg = line.starts_with("dpkg: error") || line.starts_with("dpkg: warning: subprocess");
    const bool wanted = line.starts_with("E: ") || dpkg || (goes_on && line.starts_with(' '));
    goes_on = dpkg;
    if (!wanted) return;
    const auto begin = line.find_first_not_of(' ');
    text += (text.empty() ? "" : " | ") + std::string(line.substr(std::min(begin, line.size())));
  });
  if (text.empty()) text = last_words;
  if (text.empty()) text = "it wrote nothing";
  return text.substr(0, kErrorTextBytes);
}

}  // namespace motley::agent
