#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "common/base/result.h"

namespace motley::boards {

/// Fills `flash` from the raw image `path`; a file that does not exist leaves it as it is.
///
/// Errors: kInvalid (the file is larger than `flash`), kUnavailable (can not be read).
Result<void> LoadFlashFile(const std::filesystem::path& path, std::span<std::uint8_t> flash);

/// Replaces `path` by the contents of `flash`, so that a reader sees the old or the new file and never a mixture.
///
/// Errors: kUnavailable (the folder is missing, not writable or full).
Result<void> SaveFlashFile(const std::filesystem::path& path, std::span<const std::uint8_t> flash);

}  // namespace motley::boards
