#pragma once

#include "agent/kinds/kind.h"
#include "agent/kinds/package_tools.h"
#include "agent/kinds/setup.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// Debian packages, through apt-get and dpkg.
///
/// Before anything changes it is asked what would: a deployment that would remove other packages is refused, and the
/// file of each package that would be replaced is kept, so that it can be put back; where it can not be had, that is
/// said before anything is touched. How each package stood before is written down first, in
/// <state>/packages/<application>/<component>/record.pb, with the kept files beside it. Remove puts everything back to
/// what was there before the component came, what it has brought along included. What a power failure cut off is
/// repaired by the next call.
class PackageKind : public Kind {
 public:
  /// `loop` outlives this object.
  PackageKind(Loop& loop, KindSetup setup, PackageOptions options);
  ~PackageKind() override;

  /// Errors: kInvalid (name, version, a host that is not the gateway).
  Result<void> Check(const Instance& instance) override;
  /// Errors: kInvalid (another package or version in the file), kNotFound, kCorrupt, kUnavailable.
  void Inspect(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// Errors: kConflict (other packages would have to go; the earlier one could not be put back), kNotFound (the sources
  /// have no such version), kUnavailable (what apt-get says), kTimeout.
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Nothing to wait for: looks once more.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Errors: as Apply; kConflict also where other packages need what should go.
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Deletes the files that were kept for going back.
  void Commit() override;

 private:
  const KindSetup setup_;
  const PackageOptions options_;
  Worker worker_;
};

}  // namespace motley::agent
