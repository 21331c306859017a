#pragma once

#include "agent/kinds/kind.h"
#include "agent/kinds/setup.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// Files on the gateway. Written beside the old one and renamed into place; a folder that is missing above it is made,
/// and stays. A file that was there before is kept and put back on Remove, or when the path changes.
///
/// Record <state>/files/<application>/<component>.pb, written before the file is touched; beside it the file that was
/// there before, as <component>.original.
class FileKind : public Kind {
 public:
  /// `loop` outlives this object.
  FileKind(Loop& loop, KindSetup setup);

  /// Errors: kInvalid (a path that is not absolute and plain, or inside the agent's state folder; mode), kNotFound.
  Result<void> Check(const Instance& instance) override;
  /// Compares content, permission bits and, where the component has them, owner and group, so that it finds what others
  /// changed.
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// Errors: kConflict (a folder, link or device is in the way; the path is another component's), kUnavailable (the
  /// disk is full: the old file is untouched), kCorrupt, kNotFound (no such owner or group), kDenied (only root can
  /// give the file to them).
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Nothing to wait for: looks once more.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;

 private:
  const KindSetup setup_;
  Worker worker_;
};

}  // namespace motley::agent
