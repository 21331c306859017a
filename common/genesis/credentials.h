#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/genesis/json.h"
#include "common/genesis/names.h"

namespace motley::genesis {

/// Whether something of this name is a password, key or token.
bool IsCredentialName(std::string_view name);

/// Takes credentials out of what is carried over, and leaves references to secrets in their place.
class Credentials {
 public:
  /// Keeps `value` as a secret of `owner`; returns "${secret.NAME}".
  std::string Keep(const std::string& owner, std::string_view what, const std::string& value);
  /// A reference to a secret of which no value is known; people set it.
  std::string Reference(const std::string& owner, std::string_view what);

  /// Moves the passwords out of a command: of URLs ("//user:PASSWORD@"), of NAME=VALUE and of --password VALUE.
  std::string Move(const std::string& owner, const std::string& text);
  /// Moves those that stand under names of credentials in a JSON value, and as Move in all texts.
  void Move(const std::string& owner, Json& value);

  std::map<std::string, std::string> TakeSecrets() { return std::move(secrets_); }

 private:
  void MoveMember(const std::string& owner, const std::string& key, Json& value);

  std::map<std::string, std::string> secrets_;
  Names names_;
};

}  // namespace motley::genesis
