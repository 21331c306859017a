#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/unpack/archive_entry.h"
#include "common/base/result.h"

namespace motley::agent {

/// Reads archives from start to end, entry by entry, through the program motley-unpack: no byte of an archive is parsed
/// in this process. Blocks: workers only, one at a time.
class ArchiveReader {
 public:
  /// A tar archive (ustar, pax, GNU), plain or packed with gzip, xz or zstd; told by its content, so that what is no
  /// archive comes out with the first Next. `unpack` is the path of motley-unpack.
  /// Errors: kNotFound (`path`; the program), kDenied, kUnavailable.
  static Result<ArchiveReader> OpenTar(const std::string& unpack, const std::string& path);
  /// A Debian package, of which there is one entry: its control file. Errors: as OpenTar.
  static Result<ArchiveReader> OpenDeb(const std::string& unpack, const std::string& path);
  ArchiveReader(ArchiveReader&&) noexcept;
  ~ArchiveReader();

  /// The header of the next entry; nothing after the last. What was not read of the entry before is left out.
  /// Errors: kCorrupt (the archive; what motley-unpack says of it), kUnavailable (motley-unpack was ended), kTimeout.
  Result<std::optional<ArchiveEntry>> Next();

  /// The next bytes of the entry, valid until the next call; empty at its end, which comes after exactly its size.
  /// Errors: as Next.
  Result<std::string_view> Read();

 private:
  struct State;
  static Result<ArchiveReader> Open(const std::string& unpack, const std::string& what, const std::string& path);
  explicit ArchiveReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The control file of a Debian package, as the package has it: "Package: x\nVersion: 1\n...".
/// Errors: kCorrupt (it is no Debian package, or has no control file of at most 64 KiB), and as ArchiveReader.
Result<std::string> ReadDebControl(const std::string& unpack, const std::string& path);

}  // namespace motley::agent
