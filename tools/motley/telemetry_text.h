#pragma once

#include <string>

#include "motley/v1/reported.pb.h"
#include "motley/v1/telemetry.pb.h"
#include "tools/motley/terminal.h"

namespace motley::cli {

/// Samples, lines and events of a page in the order of their times, a line each: time, source, what.
std::string RenderTelemetry(const v1::TelemetryPage& page, const Terminal& terminal);

/// A line for each log line: time, component, stream, text.
std::string RenderLogs(const v1::LogReply& reply, const Terminal& terminal);

/// The value in the unit that ends the metric's name: "memory_bytes" 1048576 is "1.0 MiB".
std::string ValueText(const std::string& metric, double value);

}  // namespace motley::cli
