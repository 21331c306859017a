#include "controller/api/answer.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "motley/v1/api.pb.h"

namespace motley::controller {

namespace json = google::protobuf::util;

namespace {

/// Length of the UTF-8 sequence at the start of `text`; 0: there is none.
std::size_t SequenceLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

/// `text` with '?' for what is not UTF-8: a message may quote what came from outside.
std::string Utf8Of(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    if (length == 0) {
      clean += '?';
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

}  // namespace

HttpAnswer JsonAnswer(const google::protobuf::Message& message, int status) {
  json::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  HttpAnswer answer;
  answer.status = status;
  const auto printed = json::MessageToJsonString(message, &answer.body, options);
  // Only text that is not UTF-8 and times out of range can not be printed: those are refused where they come in.
  if (!printed.ok()) {
    return ErrorAnswer({Code::kInternal, fmt::format("{} can not be written as JSON: {}", message.GetTypeName(),
                                                     std::string(printed.message()))});
  }
  return answer;
}

HttpAnswer ErrorAnswer(const Error& error, int status) {
  v1::ErrorReply reply;
  reply.set_code(std::string(CodeName(error.code)));
  reply.set_message(Utf8Of(error.message));
  return JsonAnswer(reply, status == 0 ? HttpStatus(error.code) : status);
}

Result<void> ParseBody(const std::string& json_text, google::protobuf::Message& message) {
  if (json_text.empty()) return {};
  const auto parsed = json::JsonStringToMessage(json_text, &message, json::JsonParseOptions());
  if (parsed.ok()) return {};
  return Error{Code::kInvalid,
               fmt::format("the body is not a {}: {}", message.GetDescriptor()->name(), std::string(parsed.message()))};
}

}  // namespace motley::controller
