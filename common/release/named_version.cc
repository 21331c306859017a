#include "common/release/named_version.h"

#include "common/model/model.h"
#include "common/model/version.h"

namespace motley {

Result<NamedVersion> ParseNamedVersion(const std::string& text) {
  const auto at = text.find('@');
  if (at == std::string::npos) {
    return Error{Code::kInvalid, "\"" + text + "\" has no version; write NAME@VERSION, as in blinky@1.0.0"};
  }
  NamedVersion named{text.substr(0, at), text.substr(at + 1)};
  if (!IsName(named.name)) {
    return Error{Code::kInvalid, "\"" + text + "\": \"" + named.name +
                                     "\" is not a name; use lower-case letters, digits, '.', '_' and '-'"};
  }
  if (!IsVersion(named.version)) {
    return Error{Code::kInvalid,
                 "\"" + text + "\": \"" + named.version + "\" is not a semantic version such as 1.0.0 (semver.org)"};
  }
  return named;
}

}  // namespace motley
