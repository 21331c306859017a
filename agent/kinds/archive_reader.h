#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/kinds/archive_entry.h"
#include "common/base/result.h"

namespace motley::agent {

/// Reads archives from start to end, entry by entry. Blocks; any thread, one at a time.
class ArchiveReader {
 public:
  /// A tar archive (ustar, pax, GNU), plain or packed with gzip, xz or zstd; told by its content.
  /// Errors: kNotFound, kDenied, kCorrupt (it is something else).
  static Result<ArchiveReader> OpenTar(const std::string& path);
  ArchiveReader(ArchiveReader&&) noexcept;
  ~ArchiveReader();

  /// The header of the next entry; nothing after the last. What was not read of the entry before is left out.
  /// Errors: kCorrupt.
  Result<std::optional<ArchiveEntry>> Next();

  /// The next bytes of the entry, valid until the next call; empty at its end. Errors: kCorrupt.
  Result<std::string_view> Read();

 private:
  struct State;
  explicit ArchiveReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The control file of a Debian package, as the package has it: "Package: x\nVersion: 1\n...".
/// Errors: kNotFound, kDenied, kCorrupt (it is no Debian package, or has no control file of at most 64 KiB).
Result<std::string> ReadDebControl(const std::string& path);

}  // namespace motley::agent
