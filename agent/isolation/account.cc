#include "agent/isolation/account.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>

#include "agent/supervise/options.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

// An entry of a database of users or groups is a line of text; this is more than any has.
constexpr std::size_t kEntryBytes = 1 << 20;

/// Asks a name service by `ask`, getpwnam_r or getgrnam_r. Of what it says only the numbers outlive the call.
template <typename Entry>
Result<std::optional<Entry>> Ask(const std::string& what, const std::string& name,
                                 int (*ask)(const char*, Entry*, char*, std::size_t, Entry**)) {
  std::vector<char> buffer(kEntryBytes);
  Entry entry{};
  Entry* found = nullptr;
  const int error = ask(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  // Some name services say so for a name that is not there.
  if (error != 0 && error != ENOENT && error != ESRCH) {
    return SystemError("look up " + what + " \"" + name + "\"", error);
  }
  return found == nullptr ? std::optional<Entry>() : std::optional<Entry>(entry);
}

/// Unset: it is a name.
Result<std::optional<std::uint32_t>> NumberIn(const std::string& what, const std::string& name) {
  if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) return std::optional<std::uint32_t>();
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
  // The kernel takes the highest for "none".
  if (fault == std::errc() && number != UINT32_MAX) return std::optional(number);
  return Error{Code::kInvalid, name + " is no number of a " + what + "; 4294967294 is the highest"};
}

Error Unknown(const std::string& what, const std::string& name) {
  return {Code::kNotFound, "no " + what + " \"" + name + "\" is on this gateway; make it, or give its number"};
}

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
  TRY_ASSIGN(const std::optional<passwd> entry, Ask<passwd>("user", name, getpwnam_r));
  if (!entry) {
    return Error{Code::kNotFound, "no user \"" + name + "\" is on this gateway; make it (adduser --system " + name +
                                      "), or name another in `user`"};
  }
  if (entry->pw_uid == own) return std::optional<Account>();
  if (own != 0) {
    return Error{Code::kDenied, "the agent runs as user " + std::to_string(own) +
                                    ", and only as root it can run a component as \"" + name +
                                    "\"; run the agent as root, or leave `user` out"};
  }
  Account account{name, entry->pw_uid, entry->pw_gid, {}};
  TRY_ASSIGN(account.groups, GroupsOf(name, account.group));
  return std::optional<Account>(std::move(account));
}

Result<uid_t> FindUser(const std::string& name) {
  TRY_ASSIGN(const auto number, NumberIn("user", name));
  if (number) return *number;
  TRY_ASSIGN(const std::optional<passwd> entry, Ask<passwd>("user", name, getpwnam_r));
  if (entry) return entry->pw_uid;
  return Unknown("user", name);
}

Result<gid_t> FindGroup(const std::string& name) {
  TRY_ASSIGN(const auto number, NumberIn("group", name));
  if (number) return *number;
  TRY_ASSIGN(const std::optional<group> entry, Ask<group>("group", name, getgrnam_r));
  if (entry) return entry->gr_gid;
  return Unknown("group", name);
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
