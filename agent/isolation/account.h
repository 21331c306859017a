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

/// Whether `account` may go through all folders on the way to `folder`, by their permission bits. Errors: kDenied
/// (which one it can not enter), as SystemError.
Result<void> CheckCanReach(const Account& account, const std::string& folder);

}  // namespace motley::agent
