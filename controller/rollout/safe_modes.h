#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/assign/question.h"
#include "controller/registry/registry.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Which gateways are in safe mode, and what each is to run once that ends. Loop thread only.
class SafeModes {
 public:
  /// What plans change; nothing: it ends.
  struct Change {
    std::int64_t gateway_number = 0;
    std::string application;
    std::optional<Wanted> remembered;
  };

  /// Errors: as Database.
  static Result<SafeModes> Create(Store& store);

  /// Null for a gateway that is not in safe mode.
  const Wanted* Find(const Twin& twin, const std::string& application) const;
  /// By application: what the gateway goes back to, of those that it is in safe mode for.
  std::map<std::string, Wanted> RememberedOf(const Twin& twin) const;
  /// What the gateway is to run of the application, safe mode aside.
  std::optional<Wanted> WantedOf(const Twin& twin, const std::string& application) const;

  /// Within a transaction of the caller's.
  Result<void> Save(const std::vector<Change>& changes) const;
  /// After that transaction.
  void Apply(const std::vector<Change>& changes);

 private:
  explicit SafeModes(Store& store) : store_(&store) {}

  Store* store_;
  std::map<std::pair<std::int64_t, std::string>, Wanted> remembered_;
};

}  // namespace motley::controller
