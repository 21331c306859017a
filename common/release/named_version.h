#pragma once

#include <string>

#include "common/base/result.h"

namespace motley {

/// One version of a template or variant, which people write as NAME@VERSION.
struct NamedVersion {
  std::string name;
  std::string version;

  std::string Text() const { return name + "@" + version; }
};

/// Errors: kInvalid (no "@", no name, no semantic version).
Result<NamedVersion> ParseNamedVersion(const std::string& text);

}  // namespace motley
