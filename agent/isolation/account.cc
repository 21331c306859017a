#include "agent/isolation/account.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "agent/supervise/options.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

// An entry of a user database is a line of text; this is more than any has.
constexpr std::size_t kEntryBytes = 65536;

Result<std::vector<gid_t>> GroupsOf(const std::string& name, gid_t group) {
  std::vector<gid_t> groups(ProgramUser::kMaxGroups + 1);
  int count = static_cast<int>(groups.size());
  if (getgrouplist(name.c_str(), group, groups.data(), &count) < 0) {
    return Error{Code::kInvalid, "user \"" + name + "\" is in " + std::to_string(count) + " groups, and " +
                                     std::to_string(ProgramUser::kMaxGroups) +
                                     " is the most that a component's user may be in; choose another"};
  }
  groups.resize(static_cast<std::size_t>(count));
  std::erase(groups, group);
  std::sort(groups.begin(), groups.end());
  return groups;
}

bool MayEnter(const Account& account, const struct stat& folder) {
  if (folder.st_uid == account.user) return (folder.st_mode & S_IXUSR) != 0;
  const bool member = folder.st_gid == account.group ||
                      std::find(account.groups.begin(), account.groups.end(), folder.st_gid) != account.groups.end();
  return (folder.st_mode & (member ? S_IXGRP : S_IXOTH)) != 0;
}

}  // namespace

Result<std::optional<Account>> FindAccount(const std::string& name, uid_t own) {
  if (name.empty()) return std::optional<Account>();
  std::vector<char> buffer(kEntryBytes);
  passwd entry{};
  passwd* found = nullptr;
  const int error = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  // Some name services say so for a user that is not there.
  const bool missing = error == ENOENT || error == ESRCH;
  if (error != 0 && !missing) return SystemError("look up user \"" + name + "\"", error);
  if (found == nullptr) {
    return Error{Code::kNotFound, "no user \"" + name + "\" is on this gateway; make it (adduser --system " + name +
                                      "), or name another in `user`"};
  }
  if (entry.pw_uid == own) return std::optional<Account>();
  if (own != 0) {
    return Error{Code::kDenied, "the agent runs as user " + std::to_string(own) +
                                    ", and only as root it can run a component as \"" + name +
                                    "\"; run the agent as root, or leave `user` out"};
  }
  Account account{name, entry.pw_uid, entry.pw_gid, {}};
  TRY_ASSIGN(account.groups, GroupsOf(name, account.group));
  return std::optional<Account>(std::move(account));
}

Result<void> CheckCanReach(const Account& account, const std::string& folder) {
  std::filesystem::path path = "/";
  for (const auto& part : std::filesystem::path(folder)) {
    path /= part;
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return SystemError("look at " + path.string(), errno);
    if (MayEnter(account, found)) continue;
    return Error{Code::kDenied, "user \"" + account.name + "\" can not enter " + path.string() +
                                    ", where the folder of the component is; allow it (chmod o+x " + path.string() +
                                    "), or move the agent's state folder"};
  }
  return {};
}

}  // namespace motley::agent
