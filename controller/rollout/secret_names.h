#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "controller/catalog/catalog.h"
#include "motley/v1/desired.pb.h"

namespace motley::controller {

/// The names of the secrets that applications refer to, looked up once for each release.
class SecretNames {
 public:
  explicit SecretNames(const Catalog& catalog) : catalog_(catalog) {}

  /// Valid as long as this object. Errors: of Catalog::Release.
  Result<const std::set<std::string>*> Of(const v1::DesiredApplication& application);

 private:
  const Catalog& catalog_;
  /// By application, version and variant.
  std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>> names_;
};

}  // namespace motley::controller
