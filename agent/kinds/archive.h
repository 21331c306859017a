#pragma once

#include "agent/kinds/archive_place.h"
#include "agent/kinds/archive_rules.h"
#include "agent/kinds/kind.h"
#include "agent/kinds/setup.h"
#include "common/loop/worker.h"

namespace motley::agent {

struct ArchiveOptions {
  /// Less, where the component itself has a limit of its disk.
  ArchiveRules::Limits limits;
  /// Of the disk that is unpacked to.
  std::uint64_t reserve_bytes = std::uint64_t{32} << 20;
  SwapWay swap = SwapWay::kExchange;
};

/// Folders that are what an archive holds: unpacked beside the old one, synced, and put in its place in one step.
///
/// The folder belongs to the component as a whole: a file that was edited, deleted or added is drift, and is healed by
/// putting the whole anew. What was there before is kept as ".<name>.motley-old" beside it until Commit, and so is what
/// Remove took away. A folder that is not the component's is never replaced. Records in
/// <state>/archives/<application>/<component>/: what it has where, and the manifest of each archive.
class ArchiveKind : public Kind {
 public:
  /// `loop` outlives this object.
  ArchiveKind(Loop& loop, KindSetup setup, ArchiveOptions options);
  ~ArchiveKind() override;

  /// Errors: kInvalid (path; a host that is not the gateway).
  Result<void> Check(const Instance& instance) override;
  /// Of a large archive only the beginning; the rest is checked while it is unpacked, before the old folder is touched.
  /// Errors: kInvalid (what must not be in an archive), kNotFound, kCorrupt, kUnavailable.
  void Inspect(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// Errors: kConflict (something else is at the path, or it is another component's), kInvalid, kCorrupt, kUnavailable
  /// (the disk is full: the old folder is untouched).
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Nothing to wait for: looks once more.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Deletes what was kept.
  void Commit() override;

 private:
  const KindSetup setup_;
  const ArchiveOptions options_;
  Worker worker_;
};

}  // namespace motley::agent
