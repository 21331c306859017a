#include "agent/kinds/package_state.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "agent/isolation/folder_tree.h"
#include "agent/kinds/kept_record.h"
#include "agent/kinds/new_file.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRecordLimitBytes = 1 << 20;

std::string RecordPath(const std::string& folder) { return folder + "/record.pb"; }

bool IsFileOf(const PackageTools& tools, const std::string& path, const std::string& package,
              const std::string& version) {
  if (path.empty() || access(path.c_str(), R_OK) != 0) return false;
  const auto control = tools.ControlOf(path);
  return control && ControlField(*control, "Package") == package.substr(0, package.find(':')) &&
         ControlField(*control, "Version") == version;
}

std::string CachedFile(const PackageTools& tools, const std::string& package, const PackageStanding& installed) {
  std::string version = installed.version;
  for (auto at = version.find(':'); at != std::string::npos; at = version.find(':', at)) version.replace(at, 1, "%3a");
  return tools.CacheFolder() + "/" + package.substr(0, package.find(':')) + "_" + version + "_" +
         installed.architecture + ".deb";
}

std::vector<std::string> DebFilesIn(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".deb") paths.push_back(entry.path().string());
  }
  return paths;
}

/// Downloads into `folder`; the file. The lists may be older than the sources, so that a second try gets them anew.
Result<std::string> DownloadFile(const PackageTools& tools, const std::string& package, const std::string& version,
                                 const std::string& folder) {
  TRY(RemoveTree(folder));
  TRY(MakeFolder(folder, 0700));
  auto downloaded = tools.Download(package, version, folder);
  if (!downloaded) {
    TRY(tools.Update());
    TRY(tools.Download(package, version, folder));
  }
  for (auto& path : DebFilesIn(folder)) {
    if (IsFileOf(tools, path, package, version)) return std::move(path);
  }
  return Error{Code::kNotFound, "apt-get brought no file of " + package + " " + version};
}

}  // namespace

PackageRecord::Standing ToRecord(const PackageStanding& standing) {
  PackageRecord::Standing recorded;
  recorded.set_config_files(standing.state == PackageStanding::State::kConfigFiles);
  const bool there =
      standing.state == PackageStanding::State::kInstalled || standing.state == PackageStanding::State::kBroken;
  if (there) recorded.set_version(standing.version);
  return recorded;
}

Result<PackageState> PackageState::Load(const std::string& folder) {
  TRY_ASSIGN(auto record, LoadKeptRecord<PackageRecord>(RecordPath(folder), kRecordLimitBytes,
                                                        "see that the package of its component is as it should be"));
  PackageState state(folder);
  if (record) state.record_ = *std::move(record);
  return state;
}

Result<void> PackageState::Save() const {
  TRY(MakeFolder(folder_));
  return WriteFileAtomically(RecordPath(folder_), record_.SerializeAsString(), 0600);
}

Result<void> PackageState::Forget() const { return RemoveTree(folder_); }

PackageRecord::Touched& PackageState::Touch(const std::string& package, const PackageStanding& now) {
  for (auto& touched : *record_.mutable_touched()) {
    if (touched.package() == package) return touched;
  }
  auto* touched = record_.add_touched();
  touched->set_package(package);
  *touched->mutable_original() = ToRecord(now);
  return *touched;
}

bool PackageState::IsTouched(const std::string& package) const {
  return std::any_of(record_.touched().begin(), record_.touched().end(),
                     [&](const auto& touched) { return touched.package() == package; });
}

const PackageRecord::Standing* PackageState::Committed(const std::string& package) const {
  for (const auto& touched : record_.touched()) {
    if (touched.package() == package && touched.has_committed()) return &touched.committed();
  }
  return nullptr;
}

std::string PackageState::KeptFile(const std::string& package, const std::string& version) const {
  auto path = KeptFolder() + "/" + DebFileName(package, version);
  return access(path.c_str(), R_OK) == 0 ? path : "";
}

Result<void> PackageState::Keep(const PackageTools& tools, const std::string& package,
                                const PackageStanding& installed) const {
  if (!KeptFile(package, installed.version).empty()) return {};
  const auto scratch = folder_ + "/download";
  auto candidates = DebFilesIn(folder_);
  candidates.push_back(CachedFile(tools, package, installed));
  std::string source;
  for (const auto& candidate : candidates) {
    if (source.empty() && IsFileOf(tools, candidate, package, installed.version)) source = candidate;
  }
  if (source.empty()) {
    auto downloaded = DownloadFile(tools, package, installed.version, scratch);
    if (!downloaded) {
      return Error{Code::kConflict,
                   package + " " + installed.version + " is installed, and its file, without which this could not be " +
                       "undone, is neither in " + tools.CacheFolder() + " nor to be had (" +
                       downloaded.error().message + "); put it there, or remove the package by hand first"};
    }
    source = *downloaded;
  }
  TRY(MakeFolder(KeptFolder(), 0700));
  TRY_ASSIGN(auto copy, NewFile::Create(KeptFolder() + "/" + DebFileName(package, installed.version)));
  TRY(copy.AppendFile(source, ""));
  TRY(copy.Commit(0644));
  return RemoveTree(scratch);
}

Result<void> PackageState::DropKept() const {
  std::set<std::string> needed;
  for (const auto& touched : record_.touched()) {
    if (!touched.original().version().empty()) {
      needed.insert(DebFileName(touched.package(), touched.original().version()));
    }
  }
  for (const auto& path : DebFilesIn(KeptFolder())) {
    if (!needed.contains(fs::path(path).filename().string())) TRY(RemoveTree(path));
  }
  for (const auto& path : DebFilesIn(folder_)) {
    if (access(path.c_str(), F_OK) != 0) TRY(RemoveTree(path));
  }
  return {};
}

Result<std::string> PackageState::LinkArtifact(const std::string& artifact, const std::string& package) const {
  TRY(MakeFolder(folder_));
  auto path = folder_ + "/" + DebFileName(package, fs::path(artifact).filename().string());
  TRY(RemoveTree(path));
  if (symlink(artifact.c_str(), path.c_str()) != 0) return SystemError("make the link " + path, errno);
  return path;
}

}  // namespace motley::agent
