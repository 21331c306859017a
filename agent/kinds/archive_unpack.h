#pragma once

#include <chrono>
#include <string>

#include "agent/kinds/archive_record.pb.h"
#include "agent/kinds/archive_rules.h"
#include "common/base/result.h"

namespace motley::agent {

/// Reads the headers of an archive as far as it comes in `patience` and the first MiB of content, touching nothing.
/// `unpack` is the path of motley-unpack. Blocks. Errors: as ArchiveReader and ArchiveRules.
Result<void> ScanArchive(const std::string& unpack, const std::string& archive, const ArchiveRules::Limits& limits,
                         std::chrono::milliseconds patience);

/// Unpacks an archive into `folder`, which is not there yet, and syncs it; its manifest. All belongs to the agent's
/// user. Permission bits and times are the archive's, less the sticky bit and what others than the owner could write.
/// Leaves at least `reserve_bytes` of the disk free. After an error `folder` holds a part. Blocks. Errors: as
/// ArchiveReader and ArchiveRules, kUnavailable (the disk is full).
Result<ArchiveManifest> UnpackArchive(const std::string& unpack, const std::string& archive, const std::string& folder,
                                      const ArchiveRules::Limits& limits, std::uint64_t reserve_bytes);

}  // namespace motley::agent
