#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "motley/v1/reported.pb.h"

namespace motley::agent {

/// The last `lines` lines of the log in a run folder, oldest first; none if there is no log. Their component is left
/// empty. Bytes that are not UTF-8 come as U+FFFD. Reads no more than it has to. Any thread; may block for a few ms.
Result<std::vector<v1::LogLine>> ReadSupervisedLog(const std::string& folder, std::size_t lines);

/// `text` with each byte that is no valid UTF-8 replaced by U+FFFD: a protobuf string takes nothing else.
std::string ToUtf8(std::string_view text);

}  // namespace motley::agent
