#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "controller/api/exchange.h"

namespace motley::controller {

/// `message` as proto3 JSON: names as in the .proto files, and fields with default values too.
HttpAnswer JsonAnswer(const google::protobuf::Message& message, int status = 200);

/// An ErrorReply. `status` 0: the one of the error's code.
HttpAnswer ErrorAnswer(const Error& error, int status = 0);

/// Reads a body into `message`; an empty one counts as {}. Errors: kInvalid (not JSON, an unknown field, a wrong type).
Result<void> ParseBody(const std::string& json, google::protobuf::Message& message);

}  // namespace motley::controller
