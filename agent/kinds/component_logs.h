#pragma once

#include <string>
#include <vector>

#include "motley/v1/reported.pb.h"

namespace motley::agent {

/// The last `lines` lines that programs and scripts wrote, oldest first; their component is "application/component".
///
/// `component` is "application/component", or "component" in any application, or empty for all. A log that can not be
/// read is left out, with a warning. Any thread; may block for a few ms.
std::vector<v1::LogLine> ReadComponentLogs(const std::string& state_folder, const std::string& component,
                                           std::size_t lines);

}  // namespace motley::agent
