#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/files/files.h"

namespace motley::agent {

/// A file that is being written beside the one that it replaces: until Commit the old one is untouched, and if this
/// object ends before, nothing is left. Its temporary name is always the same for a path, so that what a power failure
/// left goes with the next attempt. One at a time for a path.
class NewFile {
 public:
  /// Errors: as SystemError.
  static Result<NewFile> Create(const std::string& path);
  NewFile(NewFile&&) = default;
  ~NewFile();

  /// Errors: kUnavailable (the disk is full, ...).
  Result<void> Append(std::string_view data);
  /// Appends a whole file. Errors: as SystemError, kCorrupt unless `digest` is empty or that of what was read.
  Result<void> AppendFile(const std::string& path, const std::string& digest);
  /// As the super-user only.
  Result<void> SetOwner(unsigned user, unsigned group);
  /// Puts it in place with these permission bits; durable when it returns.
  Result<void> Commit(unsigned mode);

 private:
  NewFile(std::string path, std::string temporary, UniqueFd fd);

  std::string path_;
  std::string temporary_;
  UniqueFd fd_;
};

/// Puts an executable under `path` with mode 0755: a hard link to `artifact` where that can be, else a copy. Not
/// durable: what runs it is gone after a power failure, and whoever starts it again installs it again.
Result<void> InstallProgram(const std::string& artifact, const std::string& path);

}  // namespace motley::agent
