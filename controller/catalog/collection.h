#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "controller/catalog/catalog.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Takes artifacts out of the catalogue that nothing refers to, and files that belong to no artifact.
///
/// The row goes first, then the file moves to the incoming folder, then it is removed there. A stop after the first
/// step leaves a file without a row, which the next collection takes; after the second one, a file that goes at the
/// next start. Uploads are received elsewhere and become a file with a row in one go of the loop. Loop thread only;
/// files are listed and removed on a worker.
class Collection {
 public:
  using Done = std::function<void(Result<v1::ArtifactCollection>)>;

  /// All outlive this object.
  Collection(Loop& loop, Store& store, Catalog& catalog) : loop_(loop), store_(store), catalog_(catalog) {}

  /// Artifacts that somebody has pushed or asked for within `unused_for` stay. `done` comes once, unless this object
  /// ends before. Errors: kConflict (one is under way), as Database and SystemError; what was freed until then is
  /// freed.
  void Run(std::chrono::hours unused_for, bool dry_run, Done done);

 private:
  /// A file of the artifacts' folder.
  struct File {
    std::string digest;
    std::uint64_t size_bytes = 0;
  };
  static std::vector<File> ListFiles(const std::string& folder);
  static std::uint64_t RemoveFiles(const std::vector<std::string>& paths);

  void TakeArtifacts();
  Result<void> TakePage(std::vector<std::string>* moved);
  void TakeLeftovers(std::vector<File> files, std::size_t position);
  /// Out of the way of uploads of the same. Adds where it is now to `moved`.
  Result<void> MoveAway(const std::string& digest, std::vector<std::string>* moved);
  /// Removes `moved` on the worker, then goes on with `next`.
  void Remove(std::vector<std::string> moved, std::function<void()> next);
  void End(Result<void> result);

  Loop& loop_;
  Store& store_;
  Catalog& catalog_;
  /// Of the collection under way.
  Done done_;
  v1::ArtifactCollection answer_;
  std::int64_t before_us_ = 0;
  std::string position_;
  Worker worker_{loop_, "collection"};
};

}  // namespace motley::controller
