#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/sql/database.h"
#include "controller/store/deleted.h"
#include "controller/store/gateways.h"
#include "controller/store/plans.h"
#include "controller/store/releases.h"
#include "controller/store/reports.h"
#include "controller/store/safe_modes.h"
#include "controller/store/secrets.h"
#include "controller/store/telemetry.h"
#include "controller/store/templates.h"

namespace motley::controller {

/// All that the controller must not forget, in one database. What a call has stored survives a power loss. Loop thread
/// only.
class Store {
 public:
  /// Creates the file if missing. Errors: as Database::Open.
  static Result<std::unique_ptr<Store>> Open(const std::string& path);

  GatewayStore& gateways() { return gateways_; }
  ReportStore& reports() { return reports_; }
  ReleaseStore& releases() { return releases_; }
  PlanStore& plans() { return plans_; }
  SafeModeStore& safe_modes() { return safe_modes_; }
  SecretStore& secrets() { return secrets_; }
  TelemetryStore& telemetry() { return telemetry_; }
  TemplateStore& templates() { return templates_; }
  DeletedStore& deleted() { return deleted_; }

  /// As Database::Atomically: all that `body` stores, or nothing.
  Result<void> Atomically(const std::function<Result<void>()>& body) { return database_->Atomically(body); }

 private:
  explicit Store(std::unique_ptr<Database> database);

  std::unique_ptr<Database> database_;
  GatewayStore gateways_;
  ReportStore reports_;
  ReleaseStore releases_;
  PlanStore plans_;
  SafeModeStore safe_modes_;
  SecretStore secrets_;
  TelemetryStore telemetry_;
  TemplateStore templates_;
  DeletedStore deleted_;
};

}  // namespace motley::controller
