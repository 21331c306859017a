#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace motley::controller {

/// The same bytes for the same message: map entries are in the order of their keys.
std::string StableBytes(const google::protobuf::Message& message);

}  // namespace motley::controller
