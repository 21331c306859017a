#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "controller/api/api.h"
#include "motley/v1/api.pb.h"

namespace motley::controller {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Struct;
using google::protobuf::Value;
namespace json = google::protobuf::util;

const std::string kSchemaPath = "#/components/schemas/";

const Value& At(const Struct& object, const std::string& key) {
  static const Value kNothing;
  const auto found = object.fields().find(key);
  return found == object.fields().end() ? kNothing : found->second;
}

const Struct& Child(const Struct& object, const std::string& key) { return At(object, key).struct_value(); }

std::string Text(const Struct& object, const std::string& key) { return At(object, key).string_value(); }

std::set<std::string> Keys(const Struct& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.fields()) keys.insert(key);
  return keys;
}

std::set<std::string> Words(std::string_view text) {
  std::set<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    words.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::set<std::string> NamesIn(std::string_view pattern) {
  std::set<std::string> names;
  for (auto at = pattern.find('{'); at != std::string_view::npos; at = pattern.find('{', at + 1)) {
    names.emplace(pattern.substr(at + 1, pattern.find('}', at) - at - 1));
  }
  return names;
}

/// Calls `visit` with each object in `value`.
void ForEachObject(const Value& value, const std::function<void(const Struct&)>& visit) {
  for (const Value& item : value.list_value().values()) ForEachObject(item, visit);
  if (!value.has_struct_value()) return;
  visit(value.struct_value());
  for (const auto& [key, child] : value.struct_value().fields()) ForEachObject(child, visit);
}

class OpenApiTest : public testing::Test {
 protected:
  OpenApiTest() {
    const auto parsed = json::JsonStringToMessage(std::string(OpenApiDocument()), &document_);
    EXPECT_TRUE(parsed.ok()) << parsed.message();
  }

  const Struct& schemas() const { return Child(Child(document_, "components"), "schemas"); }

  const Struct& OperationOf(const Route& route) const {
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(), [](char c) { return std::tolower(c); });
    return Child(Child(Child(document_, "paths"), std::string(route.pattern)), method);
  }

  static const Descriptor* MessageOf(const std::string& name) {
    return google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName("motley.v1." + name);
  }

  static std::set<std::string> ParametersOf(const Struct& operation, const std::string& place) {
    std::set<std::string> names;
    for (const Value& parameter : At(operation, "parameters").list_value().values()) {
      if (Text(parameter.struct_value(), "in") == place) names.insert(Text(parameter.struct_value(), "name"));
    }
    return names;
  }

  Struct document_;
};

TEST_F(OpenApiTest, HasEachRouteAndNoOther) {
  std::set<std::string> routed;
  for (const Route& route : Routes()) {
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(), [](char c) { return std::tolower(c); });
    routed.insert(std::string(route.pattern) + " " + method);
  }
  std::set<std::string> documented;
  for (const auto& [path, methods] : Child(document_, "paths").fields()) {
    for (const std::string& method : Keys(methods.struct_value())) documented.insert(path + " " + method);
  }
  EXPECT_EQ(routed, documented);
}

TEST_F(OpenApiTest, HasTheParametersOfEachRoute) {
  for (const Route& route : Routes()) {
    EXPECT_EQ(ParametersOf(OperationOf(route), "path"), NamesIn(route.pattern)) << route.pattern;
    EXPECT_EQ(ParametersOf(OperationOf(route), "query"), Words(route.query)) << route.pattern;
  }
}

TEST_F(OpenApiTest, SaysWhoMayCallEachRoute) {
  for (const Route& route : Routes()) {
    std::set<std::string> schemes;
    ASSERT_TRUE(OperationOf(route).fields().contains("security")) << route.pattern;
    for (const Value& choice : At(OperationOf(route), "security").list_value().values()) {
      schemes.merge(Keys(choice.struct_value()));
    }
    std::set<std::string> expected;
    if (route.access == Access::kAdmin || route.access == Access::kAdminOrAgent) expected.insert("administrator");
    if (route.access == Access::kAgent || route.access == Access::kAdminOrAgent) expected.insert("agent");
    EXPECT_EQ(schemes, expected) << route.pattern;
  }
}

TEST_F(OpenApiTest, SaysWhichRoutesTakeABody) {
  for (const Route& route : Routes()) {
    const auto types = Keys(Child(Child(OperationOf(route), "requestBody"), "content"));
    std::set<std::string> expected;
    if (route.body == BodyKind::kJson) expected.insert("application/json");
    if (route.body == BodyKind::kArtifact) expected.insert("application/octet-stream");
    EXPECT_EQ(types, expected) << route.method << " " << route.pattern;
  }
}

TEST_F(OpenApiTest, ResolvesAllItsReferences) {
  Value whole;
  *whole.mutable_struct_value() = document_;
  ForEachObject(whole, [&](const Struct& object) {
    std::string reference = Text(object, "$ref");
    if (reference.empty()) return;
    ASSERT_TRUE(reference.starts_with("#/")) << reference;
    const Struct* place = &document_;
    for (std::size_t at = 2; at < reference.size();) {
      const auto end = std::min(reference.find('/', at), reference.size());
      const std::string key = reference.substr(at, end - at);
      ASSERT_TRUE(place->fields().contains(key)) << reference;
      place = &Child(*place, key);
      at = end + 1;
    }
  });
}

/// What the JSON of a field's value is, as a schema says it: "string:uint64", or "ref:<message>".
std::string KindOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "integer:int32";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "integer:uint32";
    case FieldDescriptor::CPPTYPE_INT64:
      return "string:int64";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "string:uint64";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "number:double";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "boolean:";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "string:enum";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type()->full_name() == "google.protobuf.Timestamp") return "string:date-time";
      if (field.is_map()) return "object:";
      return "ref:" + field.message_type()->full_name().substr(std::string("motley.v1.").size());
    default:
      return "string:";
  }
}

std::string KindOf(const Struct& schema) {
  if (const std::string reference = Text(schema, "$ref"); !reference.empty()) {
    return "ref:" + reference.substr(kSchemaPath.size());
  }
  if (schema.fields().contains("enum")) return "string:enum";
  return Text(schema, "type") + ":" + Text(schema, "format");
}

TEST_F(OpenApiTest, DescribesEachMessageAsItIs) {
  EXPECT_GT(schemas().fields_size(), 20);
  for (const auto& [name, schema] : schemas().fields()) {
    const Descriptor* message = MessageOf(name);
    ASSERT_NE(message, nullptr) << "there is no message motley.v1." << name;
    const Struct& properties = Child(schema.struct_value(), "properties");
    std::set<std::string> fields;
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      fields.insert(field.name());
      const Struct& property = Child(properties, field.name());
      const bool is_list = field.is_repeated() && !field.is_map();
      EXPECT_EQ(Text(property, "type") == "array", is_list) << name << "." << field.name();
      const Struct& item = is_list ? Child(property, "items") : property;
      EXPECT_EQ(KindOf(item), KindOf(field)) << name << "." << field.name();
      if (field.enum_type() == nullptr) continue;
      std::set<std::string> values;
      for (const Value& value : At(item, "enum").list_value().values()) values.insert(value.string_value());
      for (int v = 0; v < field.enum_type()->value_count(); ++v) {
        EXPECT_TRUE(values.erase(field.enum_type()->value(v)->name())) << name << "." << field.name();
      }
      EXPECT_TRUE(values.empty()) << name << "." << field.name();
    }
    EXPECT_EQ(Keys(properties), fields) << name;
  }
}

TEST_F(OpenApiTest, HasExamplesThatAreRight) {
  int examples = 0;
  Value whole;
  *whole.mutable_struct_value() = document_;
  ForEachObject(whole, [&](const Struct& object) {
    const std::string reference = Text(Child(object, "schema"), "$ref");
    if (reference.empty()) return;
    const std::string name = reference.substr(kSchemaPath.size());
    ASSERT_TRUE(object.fields().contains("example")) << name;
    std::string example;
    ASSERT_TRUE(json::MessageToJsonString(At(object, "example"), &example).ok());
    const std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(MessageOf(name))->New());
    const auto parsed = json::JsonStringToMessage(example, message.get());
    EXPECT_TRUE(parsed.ok()) << name << ": " << parsed.message();
    ++examples;
  });
  EXPECT_GT(examples, 20);
}

}  // namespace
}  // namespace motley::controller
