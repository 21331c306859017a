#include "tools/motley/session.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <utility>

namespace motley::cli {

Session::Session(const GlobalOptions& options)
    : location_(options.location),
      json_(options.json),
      terminal_(options.no_color ? Terminal::Colour::kNever : Terminal::Colour::kAuto) {}

Result<ControllerApi*> Session::Api() {
  if (!api_) {
    TRY_ASSIGN(HttpClientOptions options, LocateController(location_));
    TRY_ASSIGN(api_, ControllerApi::Connect(std::move(options)));
  }
  return api_.get();
}

Result<void> Session::PrintJson(const google::protobuf::Message& message, Layout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = layout == Layout::kIndented;
  std::string text;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!printed.ok()) {
    return Error{Code::kCorrupt, fmt::format("{} can not be written as JSON: {}", message.GetTypeName(),
                                             std::string(printed.message()))};
  }
  if (layout == Layout::kOneLine) text += '\n';
  terminal_.Write(text);
  return {};
}

}  // namespace motley::cli
