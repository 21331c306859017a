#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace motley {

/// No message on the wire is larger, envelope included.
inline constexpr std::size_t kMaxMessageBytes = 1024 * 1024;

/// The bytes of an Envelope around `message`.
std::string Seal(const google::protobuf::Message& message);

/// Takes `message` out of the bytes of an Envelope. Errors: kInvalid (too large, another type, not an envelope).
Result<void> Unseal(std::string_view bytes, google::protobuf::Message& message);

}  // namespace motley
