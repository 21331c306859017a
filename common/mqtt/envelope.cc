#include "common/mqtt/envelope.h"

#include "motley/v1/envelope.pb.h"

namespace motley {

std::string Seal(const google::protobuf::Message& message) {
  v1::Envelope envelope;
  envelope.set_type(message.GetDescriptor()->name());
  envelope.set_payload(message.SerializeAsString());
  return envelope.SerializeAsString();
}

Result<void> Unseal(std::string_view bytes, google::protobuf::Message& message) {
  const std::string& wanted = message.GetDescriptor()->name();
  if (bytes.size() > kMaxMessageBytes) {
    return Error{Code::kInvalid, wanted + " of " + std::to_string(bytes.size()) + " bytes is over the limit of " +
                                     std::to_string(kMaxMessageBytes)};
  }
  v1::Envelope envelope;
  if (!envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error{Code::kInvalid, "not an envelope, where a " + wanted + " was expected"};
  }
  if (envelope.type() != wanted) {
    return Error{Code::kInvalid,
                 "an envelope of type \"" + envelope.type().substr(0, 40) + "\", where a " + wanted + " was expected"};
  }
  if (!message.ParseFromString(envelope.payload())) {
    return Error{Code::kInvalid, "the payload is not a " + wanted};
  }
  return {};
}

}  // namespace motley
