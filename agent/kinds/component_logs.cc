#include "agent/kinds/component_logs.h"

#include <algorithm>
#include <filesystem>

#include "agent/supervise/log_reader.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

// Of the kinds process and script.
constexpr const char* kParts[] = {"run", "scripts"};

void ReadFolder(const std::string& folder, const std::string& key, std::size_t lines, std::vector<v1::LogLine>* all) {
  auto some = ReadSupervisedLog(folder, lines);
  if (!some) return LogWarning("the log of {} can not be read: {}", key, some.error().message);
  for (auto& line : *some) {
    line.set_component(key);
    all->push_back(std::move(line));
  }
}

}  // namespace

std::vector<v1::LogLine> ReadComponentLogs(const std::string& state_folder, const std::string& component,
                                           std::size_t lines) {
  std::vector<v1::LogLine> all;
  for (const char* part : kParts) {
    std::error_code error;
    for (const auto& application : fs::directory_iterator(fs::path(state_folder) / part, error)) {
      for (const auto& folder : fs::directory_iterator(application.path(), error)) {
        const std::string name = folder.path().filename().string();
        const std::string key = application.path().filename().string() + "/" + name;
        const bool wanted = component.empty() || component == key || component == name;
        // What starts with "." was removed and is only kept to undo that.
        if (wanted && name.front() != '.') ReadFolder(folder.path().string(), key, lines, &all);
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.time_us() < b.time_us(); });
  if (all.size() > lines) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(lines));
  return all;
}

}  // namespace motley::agent
