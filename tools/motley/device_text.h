#pragma once

#include <string>

#include "motley/v1/api.pb.h"
#include "motley/v1/telemetry.pb.h"
#include "tools/motley/terminal.h"
#include "tools/motley/times.h"

namespace motley::cli {

/// A line for each device.
std::string RenderDevices(const v1::DeviceList& list, const Terminal& terminal, Clock::time_point now);

/// All that is known about one; `said` is the last page of its telemetry.
std::string RenderDevice(const v1::Device& device, const v1::TelemetryPage& said, const Terminal& terminal,
                         Clock::time_point now);

/// Its lines: time and text.
std::string RenderDeviceLog(const v1::TelemetryPage& page, const Terminal& terminal);

}  // namespace motley::cli
