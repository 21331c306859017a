#include "agent/kinds/plugin_reply.h"

#include <gmock/gmock.h>

namespace motley::agent {
namespace {

using ::testing::HasSubstr;
using Component = v1::ReportedComponent;
using Match = Observed::Match;

TEST(PluginReply, ReadsADescription) {
  const auto description = ParsePluginDescription(
      R"({"protocol": 1, "name": "x", "version": "2.1", "summary": "two\nlines", "config_schema": {"type": "object"},
          "deadlines": {"observe_ms": 1000, "apply_ms": 2000, "remove_ms": 3000, "health_ms": 4000},
          "observe_interval_ms": 60000})");
  ASSERT_TRUE(description) << description.error().message;
  EXPECT_EQ(description->name, "x");
  EXPECT_EQ(description->version, "2.1");
  EXPECT_EQ(description->summary, "two lines");
  EXPECT_EQ(description->config_schema, R"({"type":"object"})");
  EXPECT_EQ(description->observe.count(), 1000);
  EXPECT_EQ(description->apply.count(), 2000);
  EXPECT_EQ(description->remove.count(), 3000);
  EXPECT_EQ(description->health.count(), 4000);
  EXPECT_EQ(description->observe_interval.count(), 60000);
}

TEST(PluginReply, RefusesDescriptionsThatItDoesNotUnderstand) {
  struct Row {
    std::string text;
    std::string why;
  };
  const Row rows[] = {
      {"", "it answered nothing"},
      {" \n", "it answered nothing"},
      {"Traceback (most recent call last)", "is no JSON, it begins with: Traceback"},
      {"\xFF\xFE", "begins with: ??"},
      {"[1]", "is no JSON object"},
      {"{} {}", "is no JSON"},
      {std::string(100000, '['), "nested more than 32 deep"},
      {R"({"name": "x", "version": "1"})", "has no \"protocol\""},
      {R"({"protocol": "1", "name": "x", "version": "1"})", "has no \"protocol\""},
      {R"({"protocol": 2, "name": "x", "version": "1"})", "it speaks protocol 2, and this agent speaks 1"},
      {R"({"protocol": 1, "version": "1"})", "has no \"name\""},
      {R"({"protocol": 1, "name": 7, "version": "1"})", "\"name\" is no string"},
      {R"({"protocol": 1, "name": "x"})", "has no \"version\""},
      {R"({"protocol": 1, "name": "x", "version": "1", "sumary": ""})",
       "the key \"sumary\", which is none of protocol"},
      {R"({"protocol": 1, "name": "x", "version": "1", "deadlines": 1})", "\"deadlines\" is no JSON object"},
      {R"({"protocol": 1, "name": "x", "version": "1", "deadlines": {"apply": 1}})", "unknown key \"apply\""},
      {R"({"protocol": 1, "name": "x", "version": "1", "deadlines": {"apply_ms": 0}})",
       "\"apply_ms\" is no whole number"},
      {R"({"protocol": 1, "name": "x", "version": "1", "deadlines": {"apply_ms": 1e9}})", "\"apply_ms\" is no whole"},
      {R"({"protocol": 1, "name": "x", "version": "1", "observe_interval_ms": 18446744073709551615})",
       "is no whole number"},
      {R"({"protocol": 1, "name": "x", "version": "1", "config_schema": {"pattern": "a"}})", "keyword \"pattern\""},
      {R"({"protocol": 1, "name": "x", "version": "1", "config_schema": []})",
       "its \"config_schema\": config: is to be"},
  };
  for (const auto& row : rows) {
    const auto description = ParsePluginDescription(row.text);
    ASSERT_FALSE(description) << row.text.substr(0, 100);
    EXPECT_EQ(description.error().code, Code::kInvalid);
    EXPECT_THAT(description.error().message, HasSubstr(row.why));
  }
}

TEST(PluginReply, ReadsWhatWasSeen) {
  struct Row {
    std::string text;
    Match match;
    Component::State state;
    std::string detail;
  };
  const Row rows[] = {
      {R"({"found": "matches"})", Match::kMatches, Component::STATE_RUNNING, "matches"},
      {R"({"found": "matches", "state": "unhealthy"})", Match::kMatches, Component::STATE_UNHEALTHY, "matches"},
      {R"({"found": "differs", "detail": "a\tb"})", Match::kDiffers, Component::STATE_UNKNOWN, "a b"},
      {R"({"found": "missing"})", Match::kMissing, Component::STATE_MISSING, "missing"},
      {R"({"found": "unknown", "detail": "no route"})", Match::kUnknown, Component::STATE_UNKNOWN, "no route"},
  };
  for (const auto& row : rows) {
    const auto sight = ParsePluginSight(row.text);
    ASSERT_TRUE(sight) << sight.error().message;
    EXPECT_EQ(sight->match, row.match) << row.text;
    EXPECT_EQ(sight->state, row.state) << row.text;
    EXPECT_EQ(sight->detail, row.detail);
  }
  EXPECT_THAT(ParsePluginSight(R"({"found": "perhaps"})").error().message, HasSubstr("none of matches, differs"));
  EXPECT_THAT(ParsePluginSight(R"({"found": "matches", "state": "fine"})").error().message,
              HasSubstr("none of starting"));
  EXPECT_THAT(ParsePluginSight(R"({"ok": true})").error().message, HasSubstr("the key \"ok\""));
}

TEST(PluginReply, CutsLongTextsBetweenCharacters) {
  std::string long_text = "x";
  while (long_text.size() < 3000) long_text += "ü";
  const auto sight = ParsePluginSight(R"({"found": "differs", "detail": ")" + long_text + "\"}");
  ASSERT_TRUE(sight);
  EXPECT_EQ(sight->detail, long_text.substr(0, 999) + "...");
}

TEST(PluginReply, ReadsOutcomes) {
  EXPECT_TRUE(ParsePluginOutcome(R"({"ok": true})"));
  EXPECT_EQ(ParsePluginOutcome(R"({"error": "the line is down", "retry": true})").error().code, Code::kUnavailable);
  const auto failed = ParsePluginOutcome(R"({"error": "no such\nflow"})");
  EXPECT_EQ(failed.error().code, Code::kConflict);
  EXPECT_EQ(failed.error().message, "no such flow");
  for (const std::string text : {R"({"ok": false})", R"({"ok": 1})", "{}", R"({"ok": true, "error": "x"})",
                                 R"({"error": 1})", R"({"error": "x", "retry": 1})", "null"}) {
    EXPECT_EQ(ParsePluginOutcome(text).error().code, Code::kInvalid) << text;
  }
}

}  // namespace
}  // namespace motley::agent
