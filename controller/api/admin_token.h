#pragma once

#include <string>

#include "common/base/result.h"

namespace motley::controller {

/// The token that administrators send, from `folder`/admin.token; made at the first start, with mode 0600.
/// Errors: kDenied (others can read the file), kCorrupt (it holds no token), kUnavailable.
Result<std::string> LoadAdminToken(const std::string& folder);

}  // namespace motley::controller
