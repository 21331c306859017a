#include "agent/kinds/plugin_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kOthersWrite = 0022;
constexpr std::size_t kNameLimitBytes = 63;

bool IsPluginName(const std::string& name) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !name.empty() && name.size() <= kNameLimitBytes && std::all_of(name.begin(), name.end(), good);
}

/// Why what is run from `path` may be somebody else's; empty: it is not.
std::string Untrusted(const std::string& path, const struct stat& found) {
  if (found.st_uid != 0 && found.st_uid != geteuid()) {
    return path + " belongs to user " + std::to_string(found.st_uid) + ", not to root or the agent's user; chown it";
  }
  if ((found.st_mode & kOthersWrite) != 0) {
    return path + " can be written by others; take that right away: chmod go-w " + path;
  }
  return "";
}

std::string ProblemOf(const std::string& path, const struct stat& found) {
  if (!S_ISREG(found.st_mode)) return path + " is no plain file";
  const auto untrusted = Untrusted(path, found);
  if (!untrusted.empty()) return untrusted;
  if (access(path.c_str(), X_OK) != 0) return path + " can not be executed; chmod 755 it";
  return "";
}

std::string IdentityOf(const struct stat& found) {
  return std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino) + ":" + std::to_string(found.st_size) + ":" +
         std::to_string(found.st_mtim.tv_sec) + "." + std::to_string(found.st_mtim.tv_nsec) + ":" +
         std::to_string(found.st_ctim.tv_sec) + "." + std::to_string(found.st_ctim.tv_nsec);
}

void ScanFolder(const std::string& folder, std::map<std::string, PluginFile>* plugins) {
  struct stat of_folder {};
  if (stat(folder.c_str(), &of_folder) != 0) return;
  const auto folder_problem = Untrusted(folder, of_folder);
  std::map<std::string, PluginFile> here;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto name = entry.path().stem().string();
    struct stat found {};
    // Also leaves out hidden files, and what editors and package managers leave behind.
    if (!IsPluginName(name) || entry.path().string().ends_with('~')) continue;
    // Through links: what counts is the file that runs.
    if (stat(entry.path().c_str(), &found) != 0 || S_ISDIR(found.st_mode)) continue;
    const auto path = entry.path().string();
    PluginFile file{path, IdentityOf(found), folder_problem.empty() ? ProblemOf(path, found) : folder_problem};
    const auto [other, is_new] = here.try_emplace(name, file);
    if (!is_new) other->second.problem = other->second.path + " and " + path + " have one name; take one of them away";
  }
  plugins->merge(here);
}

}  // namespace

std::map<std::string, PluginFile> ScanPluginFolders(const std::vector<std::string>& folders) {
  std::map<std::string, PluginFile> plugins;
  for (const auto& folder : folders) ScanFolder(folder, &plugins);
  return plugins;
}

}  // namespace motley::agent
