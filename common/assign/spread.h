#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/assign/problem.h"

namespace motley::assign {

/// A gateway of a class, by name.
struct Member {
  std::string_view name;
  /// By application: the variant that runs now, or kNone; past the end: kNone.
  std::vector<std::int32_t> current;
};

/// Gives each gateway of one class its share: by member an index into `shares`, which all have the same applications
/// and whose gateways add up to the number of members.
///
/// The fewest applications change their variant; the rest goes by name, so that the order of `members` does not matter.
/// With a `salt`, by digest of salt and name instead: another salt is another, reproducible, choice.
std::vector<std::int32_t> SpreadClass(std::span<const Share> shares, std::span<const Member> members,
                                      std::string_view salt = {});

}  // namespace motley::assign
