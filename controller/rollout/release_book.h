#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/assign/question.h"
#include "controller/catalog/catalog.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Releases as the assignment needs them, read once; and which one of each application is the current one: that of the
/// last production plan that was enacted. Loop thread only.
class ReleaseBook {
 public:
  /// Errors: as Database, kCorrupt.
  static Result<ReleaseBook> Create(const Catalog& catalog, Store& store);

  /// Errors: kNotFound, kInvalid (rules of a time when they meant something else).
  Result<std::shared_ptr<const PreparedRelease>> Get(const std::string& application, const std::string& version);
  /// Errors: kNotFound (no release of it was enacted for the fleet).
  Result<std::shared_ptr<const PreparedRelease>> Current(const std::string& application);

  /// A release that was deleted.
  void Forget(const std::string& application, const std::string& version) { prepared_.erase({application, version}); }

  /// Versions by application.
  const std::map<std::string, std::string>& current() const { return current_; }
  void SetCurrent(const std::string& application, const std::string& version) { current_[application] = version; }

 private:
  explicit ReleaseBook(const Catalog& catalog) : catalog_(&catalog) {}

  const Catalog* catalog_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const PreparedRelease>> prepared_;
  std::map<std::string, std::string> current_;
};

}  // namespace motley::controller
