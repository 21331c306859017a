#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "agent/kinds/records.pb.h"
#include "common/base/result.h"
#include "motley/v1/model.pb.h"

namespace motley::agent {

/// Numbers of the user and the group that a file is given to. Unset: it stays with whoever wrote it.
struct FileOwner {
  /// Whom `spec` names. Asks name services. Errors: those of FindUser and FindGroup; kDenied (the agent is not root,
  /// and can give files only to itself).
  static Result<FileOwner> Of(const v1::FileSpec& spec);
  /// Whom the file of `record` was given to.
  static FileOwner In(const FileRecord& record);

  /// What is unset here, by `other`.
  FileOwner Or(const FileOwner& other) const;
  void Note(FileRecord& record) const;

  std::optional<std::uint32_t> user;
  std::optional<std::uint32_t> group;
};

/// What is wrong with whom the file belongs to that was `found`; empty: nothing. `before`: whom the agent gave it to.
std::string OwnerFault(const struct stat& found, const v1::FileSpec& spec, const FileOwner& wanted,
                       const FileOwner& before);

}  // namespace motley::agent
