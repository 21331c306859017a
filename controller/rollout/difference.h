#pragma once

#include <string>
#include <vector>

#include "motley/v1/release.pb.h"

namespace motley::controller {

/// What another decision says otherwise, for people: "1 gateway joined: c; 1 gets another variant: a (small, now big)".
/// Both are by gateway. Empty: nothing.
std::string DifferenceOf(const std::vector<v1::Assignment>& before, const std::vector<v1::Assignment>& now);

/// "a, b, c and 4 more".
std::string Listed(const std::vector<std::string>& names);

}  // namespace motley::controller
