#pragma once

#include <set>
#include <string>

#include "agent/kinds/kind.h"
#include "agent/kinds/package_state.h"
#include "agent/kinds/package_tools.h"

namespace motley::agent {

/// What is to be done about the package of one component. Each call blocks and may have been cut off before.
class PackageAct {
 public:
  /// `artifact` is the local file of the instance's package file, empty if it has none; packages of `others` belong to
  /// other components and are not removed.
  PackageAct(PackageTools tools, PackageState state, std::string artifact, std::set<std::string> others)
      : tools_(std::move(tools)),
        state_(std::move(state)),
        artifact_(std::move(artifact)),
        others_(std::move(others)) {}

  Result<void> Apply(const Instance& instance);
  Result<void> Remove();

 private:
  /// Which way the transaction goes, as far as this component can tell.
  enum class Way {
    kForward,  ///< Away from what was committed: it must be possible to come back.
    kBack,     ///< Towards what was committed.
  };

  /// The version that an instance asks for: its own, or that of its package file; empty: any. Errors: as
  /// ReadDebControl.
  Result<std::string> WantedVersion(const v1::PackageSpec& spec) const;
  bool IsThere(const Instance& instance, const PackageStanding& now, const std::string& wanted) const;
  Result<PackageTargets> TargetsOf(const Instance& instance) const;
  Result<PackageTargets> TargetsBack(const PackageTargets& main, const std::string& package) const;
  Result<PackageTargets> TargetsGone() const;
  std::string Restoring(const std::string& package, const std::string& version) const;
  Result<std::vector<PackageChange>> Plan(const PackageTargets& targets) const;
  Result<void> NoteChanges(const std::vector<PackageChange>& changes, Way way);

  PackageTools tools_;
  PackageState state_;
  std::string artifact_;
  std::set<std::string> others_;
};

}  // namespace motley::agent
