#include "controller/catalog/collection.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/log/log.h"

namespace motley::controller {
namespace {

namespace fs = std::filesystem;

/// A few milliseconds of work; then others get their turn.
constexpr std::int64_t kRowsAStep = 500;
constexpr int kMaxNamed = 1000;
constexpr std::size_t kShardLetters = 2;

}  // namespace

void Collection::Run(std::chrono::hours unused_for, bool dry_run, Done done) {
  if (done_) {
    return done(Error{Code::kConflict, "artifacts are being collected already; try again when that has ended"});
  }
  done_ = std::move(done);
  answer_.Clear();
  answer_.set_dry_run(dry_run);
  before_us_ = WallMicros(loop_) - std::chrono::microseconds(unused_for).count();
  position_.clear();
  TakeArtifacts();
}

void Collection::TakeArtifacts() {
  std::vector<std::string> moved;
  const auto taken = TakePage(&moved);
  Remove(std::move(moved), [this, taken] {
    if (!taken) return End(taken);
    if (!position_.empty()) return TakeArtifacts();
    worker_.Run([folder = catalog_.folder()] { return ListFiles(folder); },
                [this](std::vector<File> files) { TakeLeftovers(std::move(files), 0); });
  });
}

Result<void> Collection::TakePage(std::vector<std::string>* moved) {
  TRY_ASSIGN(const auto unused, store_.releases().UnusedArtifacts(before_us_, kRowsAStep, &position_));
  if (!answer_.dry_run()) TRY(store_.releases().DeleteArtifacts(unused));
  for (const v1::ArtifactRef& artifact : unused) {
    answer_.set_count(answer_.count() + 1);
    if (answer_.artifacts_size() < kMaxNamed) *answer_.add_artifacts() = artifact;
    if (answer_.dry_run()) {
      answer_.set_freed_bytes(answer_.freed_bytes() + artifact.size_bytes());
    } else {
      TRY(MoveAway(artifact.digest(), moved));
    }
  }
  return {};
}

void Collection::TakeLeftovers(std::vector<File> files, std::size_t position) {
  std::vector<std::string> moved;
  const auto take = [&]() -> Result<void> {
    const std::size_t end = std::min(files.size(), position + kRowsAStep);
    for (; position < end; ++position) {
      const File& file = files[position];
      TRY_ASSIGN(const auto artifact, store_.releases().FindArtifact(file.digest));
      if (artifact) continue;
      answer_.set_leftovers(answer_.leftovers() + 1);
      if (answer_.dry_run()) {
        answer_.set_freed_bytes(answer_.freed_bytes() + file.size_bytes);
      } else {
        TRY(MoveAway(file.digest, &moved));
      }
    }
    return {};
  };
  const auto taken = take();
  const bool last = position >= files.size();
  Remove(std::move(moved), [this, taken, last, files = std::move(files), position]() mutable {
    if (!taken || last) return End(taken);
    TakeLeftovers(std::move(files), position);
  });
}

Result<void> Collection::MoveAway(const std::string& digest, std::vector<std::string>* moved) {
  const std::string from = catalog_.FileOf(digest);
  const std::string to = catalog_.incoming_folder() + "/collected-" + from.substr(from.rfind('/') + 1);
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) {
    moved->push_back(to);
  } else if (error != std::errc::no_such_file_or_directory) {
    return SystemError("rename " + from + " to " + to, error.value());
  }
  return {};
}

void Collection::Remove(std::vector<std::string> moved, std::function<void()> next) {
  worker_.Run([moved = std::move(moved)] { return RemoveFiles(moved); },
              [this, next = std::move(next)](std::uint64_t freed_bytes) {
                answer_.set_freed_bytes(answer_.freed_bytes() + freed_bytes);
                next();
              });
}

void Collection::End(Result<void> result) {
  if (!answer_.dry_run() && answer_.count() + answer_.leftovers() > 0) {
    LogInfo("{} artifacts that nothing refers to are removed, and {} files without one: {} bytes are free",
            answer_.count(), answer_.leftovers(), answer_.freed_bytes());
  }
  std::exchange(done_, nullptr)(result ? Result<v1::ArtifactCollection>(answer_) : std::move(result).error());
}

std::vector<Collection::File> Collection::ListFiles(const std::string& folder) {
  std::vector<File> files;
  std::error_code error;
  for (fs::directory_iterator shard(folder, error), end; !error && shard != end; shard.increment(error)) {
    const std::string letters = shard->path().filename().string();
    std::error_code ignored;
    if (letters.size() != kShardLetters || !shard->is_directory(ignored)) continue;
    for (fs::directory_iterator file(shard->path(), ignored); !ignored && file != end; file.increment(ignored)) {
      const std::string hex = file->path().filename().string();
      const std::string digest = "sha256:" + hex;
      std::error_code no_size;
      const std::uint64_t size = file->file_size(no_size);
      if (!no_size && IsDigest(digest) && hex.starts_with(letters)) files.push_back({digest, size});
    }
  }
  if (error) LogWarning("the folder {} can not be read: {}", folder, error.message());
  return files;
}

std::uint64_t Collection::RemoveFiles(const std::vector<std::string>& paths) {
  std::uint64_t freed_bytes = 0;
  for (const std::string& path : paths) {
    std::error_code error;
    const std::uint64_t size = fs::file_size(path, error);
    // What stays here goes at the next start of the controller.
    if (!error && fs::remove(path, error)) freed_bytes += size;
    if (error) LogWarning("{} can not be removed: {}", path, error.message());
  }
  return freed_bytes;
}

}  // namespace motley::controller
