#pragma once

#include <string_view>

#include "agent/unpack/entry_frames.h"
#include "common/base/result.h"

namespace motley::agent {

/// Writes frames. Errors of all: kUnavailable (nobody reads any more).
class FrameWriter {
 public:
  /// `fd` is left open.
  explicit FrameWriter(int fd) : fd_(fd) {}

  /// Errors also: kCorrupt (names of more than kMostNameBytes).
  Result<void> Entry(const ArchiveEntry& entry);
  /// The next bytes of the last entry, at most kMostPayloadBytes; nothing is written for none.
  Result<void> Content(std::string_view bytes);
  Result<void> End();
  /// Cut to kMostPayloadBytes.
  Result<void> Failure(std::string_view sentence);

 private:
  Result<void> Write(FrameKind kind, std::string_view payload);

  const int fd_;
};

}  // namespace motley::agent
