#include "controller/store/safe_modes.h"

namespace motley::controller {

Result<void> SafeModeStore::Put(const SafeModeRecord& record) {
  return database_.Run("INSERT OR REPLACE INTO safe_mode VALUES (?, ?, ?, ?)",
                       {record.gateway_number, record.application, record.version, record.variant});
}

Result<void> SafeModeStore::Delete(std::int64_t gateway_number, std::string_view application) {
  return database_.Run("DELETE FROM safe_mode WHERE gateway = ? AND application = ?", {gateway_number, application});
}

Result<std::vector<SafeModeRecord>> SafeModeStore::List() {
  std::vector<SafeModeRecord> records;
  TRY(database_.Query("SELECT gateway, application, version, variant FROM safe_mode", {}, [&](const SqlRow& row) {
    records.push_back({row.Int(0), row.Text(1), row.Text(2), row.Text(3)});
  }));
  return records;
}

}  // namespace motley::controller
