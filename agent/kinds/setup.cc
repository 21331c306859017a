#include "agent/kinds/setup.h"

#include <algorithm>
#include <cstdlib>

#include "agent/supervise/log_reader.h"

namespace motley::agent {
namespace {

constexpr std::size_t kQuotedLines = 5;
constexpr std::size_t kQuotedBytes = 1000;
// To get five lines of the program's own past what the supervisor says between them.
constexpr std::size_t kReadLines = 20;
/// What the supervisor says at each start.
constexpr std::string_view kStarted = "started, pid ";

bool IsFolderName(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.size() <= 128 && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

std::string OwnVariable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

}  // namespace

Result<std::string> ComponentFolder(const KindSetup& setup, std::string_view part, const Instance& instance) {
  for (const auto& name : {instance.application, instance.component.name()}) {
    if (IsFolderName(name)) continue;
    return Error{Code::kInvalid, "\"" + name + "\" can not name a component: use letters, digits, dots and dashes"};
  }
  return setup.state_folder + "/" + std::string(part) + "/" + instance.application + "/" + instance.component.name();
}

Result<void> CheckVariables(const VariableMap& variables) {
  for (const auto& [name, value] : variables) {
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
      return Error{Code::kInvalid, "environment variable \"" + name + "\": a name is not empty and has no \"=\""};
    }
    if (value.find('\0') != std::string::npos) {
      return Error{Code::kInvalid, "environment variable \"" + name + "\": its value holds a NUL byte; take it out"};
    }
  }
  return {};
}

Confined ConfinedOf(std::string_view part, const Instance& instance) {
  const auto& component = instance.component;
  return {std::string(part), {instance.application, component.name()}, component.user(), component.limits()};
}

std::vector<std::string> ProgramEnvironment(const KindSetup& setup, const Confined& confined,
                                            const VariableMap& variables) {
  std::map<std::string, std::string> merged = {
      {"PATH", OwnVariable("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")},
      {"LANG", OwnVariable("LANG", "C.UTF-8")},
      {"TMPDIR", OwnVariable("TMPDIR", "/tmp")},
      {"HOME", confined.Folder(setup.state_folder) + "/work"}};
  Isolation::AddUserVariables(confined, &merged);
  for (const auto& [name, value] : variables) merged[name] = value;
  // First, since that is where they are looked for after a supervisor was killed.
  std::vector<std::string> entries = {confined.owner.ApplicationEntry(), confined.owner.ComponentEntry(),
                                      "MOTLEY_GATEWAY=" + setup.gateway};
  for (const char* name : {"MOTLEY_APPLICATION", "MOTLEY_COMPONENT", "MOTLEY_GATEWAY"}) merged.erase(name);
  for (const auto& [name, value] : merged) entries.push_back(name + "=" + value);
  return entries;
}

std::string LastLines(const std::string& folder) {
  const auto lines = ReadSupervisedLog(folder, kReadLines);
  if (!lines) return "";
  std::vector<std::string> own;
  for (const auto& line : *lines) {
    const bool supervisor = line.stream() == "agent";
    // The log goes on from version to version: what an earlier program wrote is not why this one failed.
    if (supervisor && line.text().starts_with(kStarted)) own.clear();
    if (!supervisor) own.push_back(line.text());
  }
  if (own.empty()) return "; it wrote nothing";
  std::string text;
  for (std::size_t i = own.size() - std::min(own.size(), kQuotedLines); i < own.size(); ++i) {
    text += (text.empty() ? "" : " | ") + own[i];
  }
  if (text.size() > kQuotedBytes) text = ToUtf8("..." + text.substr(text.size() - kQuotedBytes));
  return "; its last lines: " + text;
}

std::string DurationText(std::int64_t duration_ms) {
  const auto seconds = std::max<std::int64_t>(0, (duration_ms + 500) / 1000);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

}  // namespace motley::agent
