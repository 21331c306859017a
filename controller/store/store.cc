#include "controller/store/store.h"

#include "controller/store/artifact_use.h"
#include "controller/store/schema.h"

namespace motley::controller {

Result<std::unique_ptr<Store>> Store::Open(const std::string& path) {
  TRY_ASSIGN(auto database, Database::Open(path, Migrations()));
  TRY(IndexArtifacts(*database));
  std::unique_ptr<Store> store(new Store(std::move(database)));
  TRY(store->plans().RemoveUnfinished());
  return store;
}

Store::Store(std::unique_ptr<Database> database)
    : database_(std::move(database)),
      gateways_(*database_),
      reports_(*database_),
      releases_(*database_),
      plans_(*database_),
      safe_modes_(*database_),
      secrets_(*database_),
      telemetry_(*database_),
      templates_(*database_),
      deleted_(*database_) {}

}  // namespace motley::controller
