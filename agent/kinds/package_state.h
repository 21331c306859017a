#pragma once

#include <string>
#include <vector>

#include "agent/kinds/package_record.pb.h"
#include "agent/kinds/package_text.h"
#include "agent/kinds/package_tools.h"
#include "common/base/result.h"

namespace motley::agent {

/// What is written down about one package component, and the package files that are kept for going back. A value;
/// blocks.
class PackageState {
 public:
  /// `folder` is <state>/packages/<application>/<component>. Errors: as SystemError, kCorrupt.
  static Result<PackageState> Load(const std::string& folder);

  const PackageRecord& record() const { return record_; }
  PackageRecord& record() { return record_; }
  /// Whether the component is there, or was cut off on its way.
  bool HasAny() const { return !record_.digest().empty() || (!record_.done() && !record_.touched().empty()); }
  Result<void> Save() const;
  Result<void> Forget() const;

  /// The entry of a package, added with how it stands now as its original if it is new.
  PackageRecord::Touched& Touch(const std::string& package, const PackageStanding& now);

  bool IsTouched(const std::string& package) const;
  /// How a package stood at the last commit; null if it has not changed since.
  const PackageRecord::Standing* Committed(const std::string& package) const;

  /// The kept file of a package in this version; empty if there is none.
  std::string KeptFile(const std::string& package, const std::string& version) const;
  /// Keeps the file of an installed package: from the artifact that it came from, apt's cache or the sources.
  /// Errors: kConflict (it can not be had anywhere).
  Result<void> Keep(const PackageTools& tools, const std::string& package, const PackageStanding& installed) const;
  /// Deletes the kept files that no original needs, and links to artifacts that are gone.
  Result<void> DropKept() const;

  /// A name under which apt-get takes `artifact`.
  Result<std::string> LinkArtifact(const std::string& artifact, const std::string& package) const;

 private:
  explicit PackageState(std::string folder) : folder_(std::move(folder)) {}
  std::string KeptFolder() const { return folder_ + "/kept"; }

  std::string folder_;
  PackageRecord record_;
};

/// As a record has it.
PackageRecord::Standing ToRecord(const PackageStanding& standing);

}  // namespace motley::agent
