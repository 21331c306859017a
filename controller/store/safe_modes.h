#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/sql/database.h"

namespace motley::controller {

/// A gateway in safe mode, and what it goes back to.
struct SafeModeRecord {
  std::int64_t gateway_number = 0;
  std::string application;
  std::string version;
  std::string variant;
};

/// Which gateways are in safe mode. Loop thread only. Errors of all calls: as Database.
class SafeModeStore {
 public:
  explicit SafeModeStore(Database& database) : database_(database) {}

  /// In the place of what is there of the same gateway and application.
  Result<void> Put(const SafeModeRecord& record);
  Result<void> Delete(std::int64_t gateway_number, std::string_view application);
  Result<std::vector<SafeModeRecord>> List();

 private:
  Database& database_;
};

}  // namespace motley::controller
