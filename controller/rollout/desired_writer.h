#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/assign/question.h"
#include "controller/catalog/catalog.h"
#include "controller/registry/registry.h"
#include "controller/rollout/secret_names.h"
#include "controller/secrets/secrets.h"

namespace motley::controller {

/// Writes the desired states of gateways that are to run something else of one application. Loop thread only.
class DesiredWriter {
 public:
  DesiredWriter(const Catalog& catalog, const Secrets& secrets, std::string application,
                google::protobuf::Timestamp issued_at)
      : catalog_(catalog),
        secrets_(secrets),
        application_(std::move(application)),
        issued_at_(std::move(issued_at)),
        secret_names_(catalog) {}

  /// The gateway's next desired state; nothing if it has the same already. Other applications stay. Errors: kNotFound
  /// (release, variant, secrets that are not set).
  Result<std::optional<v1::DesiredState>> Write(const Twin& twin, const Wanted& wanted);

 private:
  Result<const v1::DesiredApplication*> Find(const Wanted& wanted);
  Result<void> FillInSecretVersions(const Twin& twin, v1::DesiredState& state);

  const Catalog& catalog_;
  const Secrets& secrets_;
  const std::string application_;
  const google::protobuf::Timestamp issued_at_;
  SecretNames secret_names_;
  /// By version and variant.
  std::map<std::pair<std::string, std::string>, v1::DesiredApplication> known_;
};

}  // namespace motley::controller
