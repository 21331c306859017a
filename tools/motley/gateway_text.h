#pragma once

#include <string>

#include "motley/v1/api.pb.h"
#include "tools/motley/terminal.h"
#include "tools/motley/times.h"

namespace motley::cli {

/// A line for each gateway.
std::string RenderGateways(const v1::GatewayList& list, const Terminal& terminal, Clock::time_point now);

/// All that is known about one.
std::string RenderGateway(const v1::Gateway& gateway, const Terminal& terminal, Clock::time_point now);

/// "region=eu site=oslo".
std::string TagsText(const google::protobuf::Map<std::string, std::string>& tags);

}  // namespace motley::cli
