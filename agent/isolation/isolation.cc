#include "agent/isolation/isolation.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "agent/isolation/folder_tree.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

// More than any machine has, and far from where the number of bytes overflows.
constexpr std::uint64_t kMostMegabytes = 1ull << 40;
// Half a second on a cold disk.
constexpr std::uint64_t kMostEntries = 200'000;
constexpr std::uint64_t kMegabyte = 1 << 20;
constexpr mode_t kSearch = S_IXUSR | S_IXGRP | S_IXOTH;

Result<std::optional<Account>> AccountOf(const Confined& confined) { return FindAccount(confined.user, geteuid()); }

std::string WorkFolder(const std::string& folder) { return folder + "/work"; }

Result<void> SetMode(const std::string& path, mode_t mode) {
  if (chmod(path.c_str(), mode) == 0) return {};
  return SystemError("set the mode of " + path, errno);
}

// Takes all rights of others from what is directly in `folder`, but for the parts that hold components.
Result<void> CloseOthers(const std::string& folder, std::string_view part) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    if (name == part || name == "run" || name == "scripts") continue;
    struct stat found {};
    if (lstat(entry.path().c_str(), &found) != 0 || S_ISLNK(found.st_mode) || (found.st_mode & 077) == 0) continue;
    TRY(SetMode(entry.path().string(), found.st_mode & 07700));
  }
  if (error) return SystemError("list " + folder, error.value());
  return {};
}

std::uint64_t Megabytes(std::uint64_t bytes) { return (bytes + kMegabyte - 1) / kMegabyte; }

ProgramUser NumbersOf(const Account& account) {
  ProgramUser user;
  user.user = account.user;
  user.group = account.group;
  for (const gid_t group : account.groups) user.groups[user.group_count++] = group;
  return user;
}

struct Wanted {
  CgroupLimit limit;
  std::uint64_t value;
  std::string_view name;
};

std::vector<Wanted> WantedOf(const v1::Limits& limits) {
  std::vector<Wanted> wanted;
  if (limits.memory_mb() != 0) wanted.push_back({CgroupLimit::kMemory, limits.memory_mb(), "memory_mb"});
  if (limits.cpu_millis() != 0) wanted.push_back({CgroupLimit::kCpu, limits.cpu_millis(), "cpu_millis"});
  if (limits.pids() != 0) wanted.push_back({CgroupLimit::kPids, limits.pids(), "pids"});
  return wanted;
}

}  // namespace

std::string Confined::Folder(const std::string& state_folder) const {
  return state_folder + "/" + part + "/" + owner.application + "/" + owner.component;
}

// "~" is in no name of an application or component, so that no two components share a cgroup.
std::string Isolation::CgroupName(const Confined& confined) const {
  return confined.part + "~" + confined.owner.application + "~" + confined.owner.component;
}

Result<void> Isolation::Check(const Confined& confined) const {
  for (const auto value : {confined.limits.memory_mb(), confined.limits.disk_mb()}) {
    if (value <= kMostMegabytes) continue;
    return Error{Code::kInvalid,
                 "a limit of " + std::to_string(value) + " MB is more than any machine has; leave it out"};
  }
  TRY_ASSIGN(const auto account, AccountOf(confined));
  if (!account) return {};
  // The rest of the way is opened when the component is put there.
  return CheckCanReach(*account, fs::path(state_folder_).parent_path().string());
}

Result<void> Isolation::OpenWay(const Confined& confined) const {
  TRY(CloseOthers(state_folder_, confined.part));
  std::string folder = state_folder_;
  for (const auto& name : {std::string(), confined.part, confined.owner.application}) {
    if (!name.empty()) folder += "/" + name;
    struct stat found {};
    if (stat(folder.c_str(), &found) != 0) return SystemError("look at " + folder, errno);
    const mode_t mode = (found.st_mode & 07700) | kSearch;
    if (mode != (found.st_mode & 07777)) TRY(SetMode(folder, mode));
  }
  return {};
}

Result<void> Isolation::PrepareFolder(const Confined& confined) const {
  TRY_ASSIGN(const auto account, AccountOf(confined));
  const auto folder = confined.Folder(state_folder_);
  const auto work = WorkFolder(folder);
  TRY(MakeFolder(work));
  const uid_t user = account ? account->user : geteuid();
  const gid_t group = account ? account->group : getegid();
  if (account) TRY(OpenWay(confined));
  // The group may go through, and see nothing.
  struct stat found {};
  if (stat(folder.c_str(), &found) != 0) return SystemError("look at " + folder, errno);
  if (found.st_gid != group && chown(folder.c_str(), static_cast<uid_t>(-1), group) != 0) {
    return SystemError("set the group of " + folder, errno);
  }
  TRY(SetMode(folder, account ? 0710 : 0700));
  if (lstat(work.c_str(), &found) != 0) return SystemError("look at " + work, errno);
  if (found.st_uid != user) TRY(GiveTree(work, found.st_uid, user, group));
  return SetMode(work, 0700);
}

Result<void> Isolation::LetRead(const Confined& confined, const std::string& path, mode_t mode) const {
  TRY_ASSIGN(const auto account, AccountOf(confined));
  if (!account) return {};
  if (chown(path.c_str(), static_cast<uid_t>(-1), account->group) != 0) {
    return SystemError("set the group of " + path, errno);
  }
  return SetMode(path, mode);
}

Result<void> Isolation::Confine(const Confined& confined, SupervisorLaunch* launch) const {
  TRY_ASSIGN(const auto account, AccountOf(confined));
  launch->working_folder = WorkFolder(confined.Folder(state_folder_));
  if (account) launch->user = NumbersOf(*account);
  TRY(Release(confined));
  const auto name = CgroupName(confined);
  for (const auto& wanted : WantedOf(confined.limits)) {
    const auto made = cgroups_.Make(name, wanted.limit, wanted.value);
    const bool memory = wanted.limit == CgroupLimit::kMemory;
    // A cgroup that is there and does not take its limit is not to be passed over.
    if (!made && cgroups_.Exists(name, wanted.limit)) return made.error();
    if (made) {
      // Of version 2 all limits have one cgroup.
      if (launch->cgroups.empty() || launch->cgroups.back() != *made) launch->cgroups.push_back(*made);
      if (memory) launch->oom_file = cgroups_.OomFile(name);
      if (memory) launch->memory_mb = wanted.value;
    } else if (memory) {
      launch->address_space_mb = wanted.value;
    } else if (wanted.limit == CgroupLimit::kPids && (account || geteuid() != 0)) {
      launch->user_processes = wanted.value;
    }
  }
  return {};
}

void Isolation::AddUserVariables(const Confined& confined, std::map<std::string, std::string>* variables) {
  const auto account = AccountOf(confined);
  if (!account || !*account) return;
  (*variables)["USER"] = (*account)->name;
  (*variables)["LOGNAME"] = (*account)->name;
  // The agent's own may be closed to others.
  (*variables)["TMPDIR"] = "/tmp";
}

Result<void> Isolation::Release(const Confined& confined) const { return cgroups_.Remove(CgroupName(confined)); }

std::string Isolation::Unenforced(const Confined& confined) const {
  std::string names;
  std::string partly;
  for (const auto& wanted : WantedOf(confined.limits)) {
    if (cgroups_.Exists(CgroupName(confined), wanted.limit)) continue;
    const bool memory = wanted.limit == CgroupLimit::kMemory;
    const bool pids =
        wanted.limit == CgroupLimit::kPids && (geteuid() != 0 || (!confined.user.empty() && confined.user != "root"));
    if (memory) partly += "; memory_mb limits the address space of each process";
    if (pids) partly += "; pids limits all processes of its user together";
    if (!memory && !pids) names += (names.empty() ? "" : ", ") + std::string(wanted.name);
  }
  if (names.empty() && partly.empty()) return "";
  const std::string missing = names.empty() ? "" : "; not enforced: " + names;
  return "without cgroups" + partly + missing;
}

std::optional<std::string> Isolation::OverDiskLimit(const Confined& confined) const {
  const auto limit_mb = confined.limits.disk_mb();
  if (limit_mb == 0) return std::nullopt;
  const auto folder = confined.Folder(state_folder_);
  const auto size = MeasureTree(folder, limit_mb * kMegabyte, kMostEntries);
  if (!size.partial) return std::nullopt;
  const std::string way_out = "; make room in " + folder + ", or raise disk_mb";
  if (size.bytes > limit_mb * kMegabyte) {
    return "its folder has more than its " + std::to_string(limit_mb) + " MB" + way_out;
  }
  return "its folder has more than " + std::to_string(kMostEntries) + " files, " +
         std::to_string(Megabytes(size.bytes)) + " MB of them counted, too many to keep a limit of " +
         std::to_string(limit_mb) + " MB" + way_out;
}

}  // namespace motley::agent
