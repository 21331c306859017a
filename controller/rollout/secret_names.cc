#include "controller/rollout/secret_names.h"

#include "common/model/graph.h"

namespace motley::controller {

Result<const std::set<std::string>*> SecretNames::Of(const v1::DesiredApplication& application) {
  const std::tuple key(application.application(), application.version(), application.variant());
  if (const auto known = names_.find(key); known != names_.end()) return &known->second;
  TRY_ASSIGN(const auto release, catalog_.Release(application.application(), application.version()));
  for (const v1::Variant& variant : release.variants()) {
    names_[{application.application(), application.version(), variant.name()}] = SecretsOf(variant.model());
  }
  return &names_[key];
}

}  // namespace motley::controller
