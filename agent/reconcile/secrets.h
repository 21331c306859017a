#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// Puts the values of secrets in the place of "${secret.NAME}" in every string of `message`, at any depth; keys of maps
/// stay as they are. Errors: kNotFound (a secret that `values` has not; `message` is then half done).
Result<void> FillInSecrets(const std::map<std::string, std::string>& values, google::protobuf::Message& message);

}  // namespace motley::agent
