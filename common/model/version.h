#pragma once

#include <string_view>

namespace motley {

/// Whether `text` is a semantic version. Source: semver.org 2.0.0.
bool IsVersion(std::string_view text);

/// Less than, equal to or greater than 0 as `a` comes before, is the same as or comes after `b`; build metadata does
/// not count. Both are versions.
int CompareVersions(std::string_view a, std::string_view b);

}  // namespace motley
