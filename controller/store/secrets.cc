#include "controller/store/secrets.h"

namespace motley::controller {

Result<void> SecretStore::Insert(const SecretRecord& secret, std::string_view value) {
  return database_.Run("INSERT INTO secret (version, name, gateway, set_us, value) VALUES (?, ?, ?, ?, ?)",
                       {secret.version, secret.name, secret.gateway, secret.set_us, Blob{value}});
}

Result<std::vector<SecretRecord>> SecretStore::List() {
  std::vector<SecretRecord> secrets;
  TRY(database_.Query("SELECT name, gateway, version, set_us FROM secret ORDER BY number", {}, [&](const SqlRow& row) {
    secrets.push_back({row.Text(0), row.Text(1), row.Text(2), row.Int(3)});
  }));
  return secrets;
}

Result<std::optional<std::string>> SecretStore::Value(std::string_view name, std::string_view version) {
  std::optional<std::string> value;
  TRY(database_.Query("SELECT value FROM secret WHERE name = ? AND version = ?", {name, version},
                      [&](const SqlRow& row) { value = row.Text(0); }));
  return value;
}

Result<void> SecretStore::Delete(std::string_view version) {
  return database_.Run("DELETE FROM secret WHERE version = ?", {version});
}

}  // namespace motley::controller
