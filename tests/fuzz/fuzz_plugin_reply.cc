// Links: agent_kind_plugin common_base

#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/kinds/plugin_reply.h"
#include "agent/kinds/plugin_schema.h"
#include "common/base/result.h"

namespace {

/// Whether a report takes it: a protobuf string has to be UTF-8.
bool GoesIntoReport(const std::string& text) {
  motley::v1::ReportedComponent component;
  component.set_detail(text);
  motley::v1::ReportedComponent again;
  return again.ParseFromString(component.SerializeAsString()) && again.detail() == text;
}

}  // namespace

/// Whatever a plugin writes is understood or refused for a reason, and what is made of it can be reported; a schema
/// that is taken can be used on any config.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto description = motley::agent::ParsePluginDescription(text);
  if (description) {
    CHECK(!description->name.empty() && !description->version.empty());
    CHECK(description->apply.count() > 0 && description->observe_interval.count() >= 0);
    for (const char* config : {"{}", R"({"a": [1, "b", null], "path": {}})"}) {
      motley::agent::CheckPluginConfig(description->config_schema, config);
    }
  } else {
    CHECK(!description.error().message.empty() && GoesIntoReport(description.error().message));
  }
  const auto sight = motley::agent::ParsePluginSight(text);
  CHECK(GoesIntoReport(sight ? sight->detail : sight.error().message));
  CHECK(!sight || !sight->detail.empty());
  const auto outcome = motley::agent::ParsePluginOutcome(text);
  CHECK(outcome || (!outcome.error().message.empty() && GoesIntoReport(outcome.error().message)));
  if (motley::agent::CheckPluginSchema(text)) motley::agent::CheckPluginConfig(text, text);
  motley::agent::CheckPluginConfig("", text);
  return 0;
}
