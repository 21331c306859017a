#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

/// A user of this gateway that a component runs as.
struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  /// Supplementary ones.
  std::vector<gid_t> groups;
};

/// Looks `name` up; unset for the empty name and for the user `own`, that of the agent, since nothing is to be changed
/// then. Asks the name services of the gateway, which may block for a few ms. Any thread.
/// Errors: kNotFound (no such user), kDenied (only the super-user can run programs as another), kInvalid (too many
/// groups), kUnavailable (the name services).
Result<std::optional<Account>> FindAccount(const std::string& name, uid_t own);

/// The number of the user or group of this name; of digits alone, that number, whether or not it is known here. Asks
/// the name services of the gateway, which may block for a few ms. Any thread. Errors: kNotFound (no such name),
/// kInvalid (no number of a user or group), kUnavailable (the name services).
Result<uid_t> FindUser(const std::string& name);
Result<gid_t> FindGroup(const std::string& name);

/// Whether `account` may go through all folders on the way to `folder`, by their permission bits. Errors: kDenied
/// (which one it can not enter), as SystemError.
Result<void> CheckCanReach(const Account& account, const std::string& folder);

}  // namespace motley::agent
