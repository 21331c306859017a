#include "agent/reconcile/secrets.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <vector>

namespace motley::agent {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Values = std::map<std::string, std::string>;

constexpr std::string_view kOpening = "${secret.";

/// What stands inside a JSON text must be a JSON string's content. Source: RFC 8259, section 7.
std::string JsonEscaped(const std::string& value) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string escaped;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      escaped += '\\';
      escaped += c;
    } else if (byte < 0x20) {
      escaped += "\\u00";
      escaped += kDigits[byte >> 4];
      escaped += kDigits[byte & 15];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

enum class Syntax { kPlain, kJson };

Syntax SyntaxOf(const FieldDescriptor* field) {
  return field->full_name() == "motley.v1.PluginSpec.config" ? Syntax::kJson : Syntax::kPlain;
}

Result<std::string> Filled(const Values& values, const std::string& text, Syntax syntax) {
  std::string filled;
  std::size_t from = 0;
  for (auto at = text.find(kOpening); at != std::string::npos; at = text.find(kOpening, from)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) break;
    const std::string name = text.substr(at + kOpening.size(), end - at - kOpening.size());
    const auto value = values.find(name);
    if (value == values.end()) {
      return Error{Code::kNotFound,
                   "secret \"" + name + "\" is not set for this gateway; set it with: motley secret set " + name};
    }
    filled.append(text, from, at - from);
    filled += syntax == Syntax::kJson ? JsonEscaped(value->second) : value->second;
    from = end + 1;
  }
  return filled.append(text, from);
}

Result<void> FillInStrings(const Values& values, const FieldDescriptor* field, Message& message) {
  const Reflection* reflection = message.GetReflection();
  if (!field->is_repeated()) {
    TRY_ASSIGN(std::string text, Filled(values, reflection->GetString(message, field), SyntaxOf(field)));
    reflection->SetString(&message, field, std::move(text));
    return {};
  }
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    TRY_ASSIGN(std::string text, Filled(values, reflection->GetRepeatedString(message, field, i), SyntaxOf(field)));
    reflection->SetRepeatedString(&message, field, i, std::move(text));
  }
  return {};
}

Result<void> FillInMessages(const Values& values, const FieldDescriptor* field, Message& message) {
  const Reflection* reflection = message.GetReflection();
  if (!field->is_repeated()) return FillInSecrets(values, *reflection->MutableMessage(&message, field));
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    TRY(FillInSecrets(values, *reflection->MutableRepeatedMessage(&message, field, i)));
  }
  return {};
}

}  // namespace

Result<void> FillInSecrets(const std::map<std::string, std::string>& values, Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    // A map's entry is a message whose first field is the key.
    const bool map_key = message.GetDescriptor()->options().map_entry() && field->number() == 1;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !map_key) TRY(FillInStrings(values, field, message));
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) TRY(FillInMessages(values, field, message));
  }
  return {};
}

}  // namespace motley::agent
