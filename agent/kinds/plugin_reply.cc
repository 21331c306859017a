#include "agent/kinds/plugin_reply.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "agent/kinds/plugin_schema.h"

namespace motley::agent {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kTextLimitBytes = 1000;
constexpr std::size_t kQuotedBytes = 60;
constexpr std::int64_t kDeadlineLimitMs = 12 * 60'000;  // Below the bound that the engine sets to every call.
constexpr std::int64_t kIntervalLimitMs = 24 * 3600'000;

Error Bad(const std::string& why) { return Error{Code::kInvalid, why}; }

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// At most `limit` bytes, without breaking a character, on one line.
std::string OneLine(std::string text, std::size_t limit) {
  if (text.size() > limit) {
    while (limit > 0 && IsContinuation(text[limit])) --limit;
    text = text.substr(0, limit) + "...";
  }
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

/// How an answer that is no JSON begins; bytes that are no text as "?".
std::string Beginning(std::string_view text) {
  std::string beginning(text.substr(0, kQuotedBytes));
  for (char& c : beginning) {
    if (static_cast<unsigned char>(c) >= 0x7F || static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return beginning;
}

/// One JSON object, whose keys are among `known`.
Result<Json> ParseObject(std::string_view text, std::initializer_list<std::string_view> known) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return Bad("it answered nothing");
  if (IsNestedTooDeep(text)) return Bad("its answer is nested more than 32 deep");
  Json object = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) return Bad("its answer is no JSON, it begins with: " + Beginning(text));
  if (!object.is_object()) return Bad("its answer is no JSON object");
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string list;
    for (const auto one : known) list += (list.empty() ? "" : ", ") + std::string(one);
    return Bad("its answer has the key \"" + OneLine(key, kQuotedBytes) + "\", which is none of " + list);
  }
  return object;
}

/// The text of a key. Unset: not there.
Result<std::optional<std::string>> TextOf(const Json& object, const char* key, std::size_t limit) {
  const auto found = object.find(key);
  if (found == object.end()) return std::optional<std::string>();
  const auto* text = found->get_ptr<const std::string*>();
  if (text == nullptr) return Bad("its \"" + std::string(key) + "\" is no string");
  return std::optional(OneLine(*text, limit));
}

Result<std::string> NeededText(const Json& object, const char* key) {
  TRY_ASSIGN(auto text, TextOf(object, key, kTextLimitBytes));
  if (!text || text->empty()) return Bad("its answer has no \"" + std::string(key) + "\"");
  return *std::move(text);
}

Result<void> ReadDuration(const Json& object, const char* key, std::int64_t least, std::int64_t most,
                          milliseconds* duration) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  const bool whole = found->is_number_integer() && (!found->is_number_unsigned() || *found <= kIntervalLimitMs);
  const auto value = whole ? found->get<std::int64_t>() : -1;
  if (value < least || value > most) {
    return Bad("its \"" + std::string(key) + "\" is no whole number from " + std::to_string(least) + " to " +
               std::to_string(most));
  }
  *duration = milliseconds(value);
  return {};
}

Result<void> ReadDeadlines(const Json& object, PluginDescription* description) {
  const auto found = object.find("deadlines");
  if (found == object.end()) return {};
  if (!found->is_object()) return Bad("its \"deadlines\" is no JSON object");
  const std::pair<const char*, milliseconds*> fields[] = {{"observe_ms", &description->observe},
                                                          {"apply_ms", &description->apply},
                                                          {"remove_ms", &description->remove},
                                                          {"health_ms", &description->health}};
  for (const auto& item : found->items()) {
    const bool known =
        std::any_of(std::begin(fields), std::end(fields), [&](const auto& field) { return item.key() == field.first; });
    if (!known) return Bad("its \"deadlines\" have the unknown key \"" + OneLine(item.key(), kQuotedBytes) + "\"");
  }
  for (const auto& [key, duration] : fields) TRY(ReadDuration(*found, key, 100, kDeadlineLimitMs, duration));
  return {};
}

Result<v1::ReportedComponent::State> StateOf(const std::string& name) {
  using Component = v1::ReportedComponent;
  const std::pair<const char*, Component::State> names[] = {
      {"starting", Component::STATE_STARTING},   {"running", Component::STATE_RUNNING},
      {"stopped", Component::STATE_STOPPED},     {"backoff", Component::STATE_BACKOFF},
      {"unhealthy", Component::STATE_UNHEALTHY}, {"missing", Component::STATE_MISSING},
      {"unknown", Component::STATE_UNKNOWN}};
  for (const auto& [known, state] : names) {
    if (name == known) return state;
  }
  return Bad("its \"state\" is \"" + OneLine(name, kQuotedBytes) +
             "\", which is none of starting, running, stopped, backoff, unhealthy, missing, unknown");
}

}  // namespace

Result<PluginDescription> ParsePluginDescription(std::string_view text) {
  TRY_ASSIGN(const Json object, ParseObject(text, {"protocol", "name", "version", "summary", "config_schema",
                                                   "deadlines", "observe_interval_ms"}));
  const auto protocol = object.find("protocol");
  if (protocol == object.end() || !protocol->is_number_integer()) return Bad("its answer has no \"protocol\"");
  if (*protocol != kPluginProtocol) {
    return Bad("it speaks protocol " + OneLine(protocol->dump(), kQuotedBytes) + ", and this agent speaks " +
               std::to_string(kPluginProtocol) + "; get a fitting version of it");
  }
  PluginDescription description;
  TRY_ASSIGN(description.name, NeededText(object, "name"));
  TRY_ASSIGN(description.version, NeededText(object, "version"));
  TRY_ASSIGN(auto summary, TextOf(object, "summary", kTextLimitBytes));
  description.summary = std::move(summary).value_or("");
  TRY(ReadDeadlines(object, &description));
  TRY(ReadDuration(object, "observe_interval_ms", 0, kIntervalLimitMs, &description.observe_interval));
  if (const auto schema = object.find("config_schema"); schema != object.end()) {
    description.config_schema = schema->dump(-1, ' ', false, Json::error_handler_t::replace);
    TRY(CheckPluginSchema(description.config_schema).While("its \"config_schema\""));
  }
  return description;
}

Result<PluginSight> ParsePluginSight(std::string_view text) {
  using Match = Observed::Match;
  TRY_ASSIGN(const Json object, ParseObject(text, {"found", "state", "detail"}));
  TRY_ASSIGN(const auto found, NeededText(object, "found"));
  PluginSight sight;
  if (found == "matches") {
    sight.match = Match::kMatches;
    sight.state = v1::ReportedComponent::STATE_RUNNING;
  } else if (found == "differs") {
    sight.match = Match::kDiffers;
  } else if (found == "missing") {
    sight.match = Match::kMissing;
    sight.state = v1::ReportedComponent::STATE_MISSING;
  } else if (found != "unknown") {
    return Bad("its \"found\" is \"" + OneLine(found, kQuotedBytes) +
               "\", which is none of matches, differs, missing, unknown");
  }
  TRY_ASSIGN(const auto state, TextOf(object, "state", kQuotedBytes));
  if (state) {
    TRY_ASSIGN(sight.state, StateOf(*state));
  }
  TRY_ASSIGN(auto detail, TextOf(object, "detail", kTextLimitBytes));
  sight.detail = std::move(detail).value_or("");
  if (sight.detail.empty()) sight.detail = found;
  return sight;
}

Result<void> ParsePluginOutcome(std::string_view text) {
  TRY_ASSIGN(const Json object, ParseObject(text, {"ok", "error", "retry"}));
  TRY_ASSIGN(const auto error, TextOf(object, "error", kTextLimitBytes));
  const auto ok = object.find("ok");
  const auto retry = object.find("retry");
  if (retry != object.end() && !retry->is_boolean()) return Bad("its \"retry\" is neither true nor false");
  if (error) {
    if (ok != object.end()) return Bad("its answer has \"ok\" and \"error\" in one");
    const bool may_pass = retry != object.end() && *retry == true;
    return Error{may_pass ? Code::kUnavailable : Code::kConflict,
                 error->empty() ? "it failed, and says no why" : *error};
  }
  if (ok == object.end() || *ok != true) return Bad("its answer is neither {\"ok\": true} nor {\"error\": \"...\"}");
  return {};
}

}  // namespace motley::agent
