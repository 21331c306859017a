#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/loop/loop.h"
#include "controller/registry/registry.h"
#include "controller/store/store.h"
#include "motley/v1/api.pb.h"

namespace motley::controller {

/// What must not stand in models: passwords, keys. People set values by name, models refer to names, desired states say
/// which version of a value is meant, and an agent that is to run it fetches that value. No value ever leaves by
/// another way: not to people, not into logs. Loop thread only.
class Secrets {
 public:
  /// Errors: as Database.
  static Result<std::unique_ptr<Secrets>> Create(Loop& loop, Store& store, Registry& registry);

  /// The new value counts for what is enacted from now on. Errors: kInvalid (name, size), kNotFound (gateway).
  Result<v1::Secret> Set(const std::string& name, const v1::SetSecretRequest& request);
  /// The current ones.
  v1::SecretList List() const;
  /// Errors: kNotFound; kConflict (a gateway is to run something that refers to it).
  Result<void> Remove(const std::string& name, const std::string& gateway);

  /// Drops the values of its own that a gateway had, which was removed.
  Result<void> Forget(const std::string& gateway);

  /// The versions that a gateway gets for these names. Errors: kNotFound (names that are not set, all of them).
  Result<std::vector<v1::SecretVersion>> VersionsFor(const std::string& gateway,
                                                     const std::set<std::string>& names) const;
  /// For the agent of a gateway. Errors: kNotFound, kDenied (it is not to run anything that refers to it).
  Result<std::string> Value(const std::string& gateway, const std::string& name, const std::string& version) const;

 private:
  Secrets(Loop& loop, Store& store, Registry& registry) : loop_(loop), store_(store), registry_(registry) {}
  const SecretRecord* Current(const std::string& name, const std::string& gateway) const;
  std::uint32_t UsedBy(const std::string& version) const;
  Result<void> DropOutdated();

  Loop& loop_;
  Store& store_;
  Registry& registry_;
  /// Oldest first.
  std::vector<SecretRecord> records_;
};

}  // namespace motley::controller
