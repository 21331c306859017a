#include "agent/kinds/file_owner.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "agent/isolation/account.h"

namespace motley::agent {
namespace {

bool IsInGroup(gid_t group) {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
  groups.resize(static_cast<std::size_t>(std::max(getgroups(static_cast<int>(groups.size()), groups.data()), 0)));
  return group == getegid() || std::find(groups.begin(), groups.end(), group) != groups.end();
}

std::string Fault(const char* what, std::uint32_t found, const std::string& name,
                  const std::optional<std::uint32_t>& wanted, const std::optional<std::uint32_t>& before) {
  const std::string belongs = std::string("belongs to ") + what + " " + std::to_string(found);
  if (wanted) return *wanted == found ? "" : belongs + ", not " + name;
  return before == found ? belongs + ", which another version gave it to" : "";
}

}  // namespace

Result<FileOwner> FileOwner::Of(const v1::FileSpec& spec) {
  FileOwner owner;
  if (!spec.owner().empty()) {
    TRY_ASSIGN(owner.user, FindUser(spec.owner()));
  }
  if (!spec.group().empty()) {
    TRY_ASSIGN(owner.group, FindGroup(spec.group()));
  }
  const bool is_own = (!owner.user || *owner.user == geteuid()) && (!owner.group || IsInGroup(*owner.group));
  if (is_own || geteuid() == 0) return owner;
  const std::string whom = spec.owner() + (spec.group().empty() ? "" : ":" + spec.group());
  return Error{Code::kDenied, "the agent runs as user " + std::to_string(geteuid()) +
                                  ", and only as root it can give " + spec.path() + " to " + whom +
                                  "; run the agent as root, or leave `owner` and `group` out"};
}

FileOwner FileOwner::In(const FileRecord& record) {
  FileOwner owner;
  if (record.has_user()) owner.user = record.user();
  if (record.has_group()) owner.group = record.group();
  return owner;
}

FileOwner FileOwner::Or(const FileOwner& other) const {
  return {user ? user : other.user, group ? group : other.group};
}

void FileOwner::Note(FileRecord& record) const {
  record.clear_user();
  record.clear_group();
  if (user) record.set_user(*user);
  if (group) record.set_group(*group);
}

std::string OwnerFault(const struct stat& found, const v1::FileSpec& spec, const FileOwner& wanted,
                       const FileOwner& before) {
  const std::string fault = Fault("user", found.st_uid, spec.owner(), wanted.user, before.user);
  return fault.empty() ? Fault("group", found.st_gid, spec.group(), wanted.group, before.group) : fault;
}

}  // namespace motley::agent
