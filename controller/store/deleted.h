#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/sql/database.h"

namespace motley::controller {

/// Names and versions that were deleted, and what their content was: they are unique for ever. `kind`: "release",
/// "template" or "variant". Loop thread only. Errors of all calls: as Database.
class DeletedStore {
 public:
  explicit DeletedStore(Database& database) : database_(database) {}

  Result<void> Put(std::string_view kind, std::string_view name, std::string_view version,
                   std::string_view content_digest);
  /// The digest of its content; nothing: it never was deleted.
  Result<std::optional<std::string>> Find(std::string_view kind, std::string_view name, std::string_view version);

 private:
  Database& database_;
};

}  // namespace motley::controller
