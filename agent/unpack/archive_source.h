#pragma once

#include "agent/unpack/frame_writer.h"
#include "common/base/result.h"

namespace motley::agent {

/// Reads a tar archive (ustar, pax, GNU), plain or packed with gzip, xz or zstd, told by its content, from `fd`, and
/// writes what it holds, entry by entry, without the end. Errors: kCorrupt (it is something else, or damaged),
/// kUnavailable (nobody reads).
Result<void> SendTar(int fd, FrameWriter& out);

/// Reads a Debian package from `fd` and writes its control file as one entry, without the end.
/// Errors: kCorrupt (it is none, or has no control file of at most 64 KiB), kUnavailable (nobody reads).
Result<void> SendDebControl(int fd, FrameWriter& out);

}  // namespace motley::agent
