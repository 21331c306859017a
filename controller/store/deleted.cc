#include "controller/store/deleted.h"

namespace motley::controller {

Result<void> DeletedStore::Put(std::string_view kind, std::string_view name, std::string_view version,
                               std::string_view content_digest) {
  return database_.Run("INSERT OR REPLACE INTO deleted VALUES (?, ?, ?, ?)", {kind, name, version, content_digest});
}

Result<std::optional<std::string>> DeletedStore::Find(std::string_view kind, std::string_view name,
                                                      std::string_view version) {
  std::optional<std::string> digest;
  TRY(database_.Query("SELECT content_digest FROM deleted WHERE kind = ? AND name = ? AND version = ?",
                      {kind, name, version}, [&](const SqlRow& row) { digest = row.Text(0); }));
  return digest;
}

}  // namespace motley::controller
