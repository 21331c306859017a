#include "agent/kinds/plugin_schema.h"

#include <gmock/gmock.h>

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kSchema = R"({
  "type": "object", "required": ["path"], "additionalProperties": false,
  "properties": {
    "path": {"type": "string", "minLength": 2, "maxLength": 5},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "mode": {"enum": ["fast", "safe"]},
    "one": {"const": 1},
    "hosts": {"type": "array", "items": {"type": ["string", "null"]}, "minItems": 1, "maxItems": 2},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "anything": {}
  }})";

TEST(PluginSchema, TakesWhatItDescribes) {
  EXPECT_TRUE(CheckPluginSchema(kSchema));
  EXPECT_THAT(CheckPluginConfig(kSchema, R"({"path": "/üüüü", "port": 80, "mode": "fast", "one": 1,
      "hosts": ["a", null], "labels": {"a": "b"}, "anything": [{}]})"),
              IsEmpty());
  EXPECT_THAT(CheckPluginConfig("", R"({"whatever": 1})"), IsEmpty());
}

TEST(PluginSchema, NamesEveryPlaceThatIsWrongAndNoValue) {
  const auto problems =
      CheckPluginConfig(kSchema, R"({"port": 70000, "mode": "s3cret", "one": 2, "hosts": ["a", 5, "c"],
      "labels": {"a": 1}, "extra": true})");
  EXPECT_THAT(
      problems,
      ElementsAre("config.path: is missing", "config.extra: is not known", "config.hosts: is to have at most 2 values",
                  "config.hosts[1]: is to be of type string or null", "config.labels.a: is to be of type string",
                  "config.mode: is to be one of [\"fast\",\"safe\"]", "config.one: is to be 1",
                  "config.port: is to be at most 65535"));
  for (const auto& problem : problems) EXPECT_THAT(problem, ::testing::Not(HasSubstr("s3cret")));
  EXPECT_THAT(CheckPluginConfig(kSchema, R"({"path": "/"})"),
              ElementsAre("config.path: is to have at least 2 characters"));
  EXPECT_THAT(CheckPluginConfig(kSchema, R"({"path": "/1", "port": 1.5})"), ElementsAre(HasSubstr("of type integer")));
}

TEST(PluginSchema, SaysWhenAConfigIsNone) {
  EXPECT_THAT(CheckPluginConfig("", "[]"), ElementsAre("config: is to be an object"));
  EXPECT_THAT(CheckPluginConfig("", R"({"password": "a"b"})"),
              ElementsAre(HasSubstr("once its secrets are filled in")));
  EXPECT_THAT(CheckPluginConfig("", std::string(1000000, '[')), ElementsAre(HasSubstr("nested more than 32 deep")));
}

TEST(PluginSchema, RefusesSchemasThatItDoesNotUnderstand) {
  for (const std::string schema :
       {"", "1", R"({"type": "text"})", R"({"type": []})", R"({"properties": []})", R"({"properties": {"a": 1}})",
        R"({"items": [{}]})", R"({"required": "a"})", R"({"enum": 1})", R"({"minimum": "1"})", R"({"maxLength": -1})",
        R"({"pattern": ".*"})", R"({"$ref": "#"})"}) {
    EXPECT_FALSE(CheckPluginSchema(schema)) << schema;
  }
}

TEST(PluginSchema, CountsNestingOutsideOfTextsOnly) {
  EXPECT_FALSE(IsNestedTooDeep(
      R"({"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "b": "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})"));
  EXPECT_TRUE(IsNestedTooDeep(std::string(33, '{')));
}

}  // namespace
}  // namespace motley::agent
