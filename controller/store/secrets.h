#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/sql/database.h"
#include "motley/v1/desired.pb.h"

namespace motley::controller {

struct SecretRecord {
  std::string name;
  /// Empty: of the whole fleet.
  std::string gateway;
  std::string version;
  std::int64_t set_us = 0;
};

/// Values of secrets. The newest of a name and gateway is the current one; older ones stay for gateways that are still
/// to run something made with them. Loop thread only. Errors of all calls: as Database.
class SecretStore {
 public:
  explicit SecretStore(Database& database) : database_(database) {}

  Result<void> Insert(const SecretRecord& secret, std::string_view value);
  /// All, oldest first.
  Result<std::vector<SecretRecord>> List();
  Result<std::optional<std::string>> Value(std::string_view name, std::string_view version);
  Result<void> Delete(std::string_view version);

 private:
  Database& database_;
};

}  // namespace motley::controller
