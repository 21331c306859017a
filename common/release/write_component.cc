#include <cstdio>

#include "common/model/model.h"
#include "common/release/parameters.h"
#include "common/release/write_model.h"

namespace motley {
namespace {

/// 500 as "0.5".
std::string CpusText(std::uint32_t millis) {
  char text[16];
  std::snprintf(text, sizeof text, "%u.%03u", millis / 1000, millis % 1000);
  std::string cpus = text;
  cpus.erase(cpus.find_last_not_of('0') + 1);
  if (cpus.ends_with('.')) cpus.pop_back();
  return cpus;
}

ModelJson LimitsJson(const v1::Limits& limits) {
  ModelJson json = ModelJson::object();
  AddNumber(json, "memory_mb", limits.memory_mb());
  if (limits.cpu_millis() != 0) json["cpus"] = CpusText(limits.cpu_millis());
  AddNumber(json, "pids", limits.pids());
  AddNumber(json, "disk_mb", limits.disk_mb());
  return json;
}

}  // namespace

ModelJson HealthJson(const v1::HealthCheck& health, ArtifactNames& artifacts) {
  ModelJson json = ModelJson::object();
  if (health.has_http()) {
    ModelJson& http = json["http"] = ModelJson::object();
    http["url"] = Parameters::Escape(health.http().url());
    AddNumber(http, "status", health.http().status());
    if (http.size() == 1) http = ModelJson(http["url"]);
  } else if (health.has_tcp()) {
    ModelJson& tcp = json["tcp"] = ModelJson::object();
    AddText(tcp, "address", health.tcp().address());
    tcp["port"] = health.tcp().port();
    if (tcp.size() == 1) tcp = ModelJson(tcp["port"]);
  } else if (health.has_script()) {
    ModelJson& script = json["script"] = ModelJson::object();
    if (health.script().has_artifact()) {
      script["artifact"] = Parameters::Escape(artifacts.NameOf(health.script().artifact()));
    } else {
      script["content"] = Parameters::Escape(health.script().content());
    }
    AddText(script, "endpoint", health.script().endpoint());
    if (script.size() == 1 && script.contains("content")) script = ModelJson(script["content"]);
  }
  AddNumber(json, "start_period_ms", health.start_period_ms());
  AddNumber(json, "interval_ms", health.interval_ms());
  AddNumber(json, "timeout_ms", health.timeout_ms());
  AddNumber(json, "retries", health.retries());
  return json;
}

ModelJson ComponentJson(const v1::Component& component, ArtifactNames& artifacts) {
  ModelJson json = ModelJson::object();
  json["kind"] = KindName(component);
  AddText(json, "host", component.host());
  AddKindJson(component, artifacts, json);
  AddText(json, "user", component.user());
  AddTexts(json, "depends_on", component.depends_on());
  AddTexts(json, "follows", component.follows());
  if (component.provided_ports_size() > 0) json["provides"] = PortsJson(component.provided_ports());
  if (component.required_ports_size() > 0) json["requires"] = PortsJson(component.required_ports());
  AddTexts(json, "properties", component.properties());
  if (component.has_health()) json["health"] = HealthJson(component.health(), artifacts);
  if (component.has_resources()) {
    ModelJson& resources = json["resources"] = ModelJson::object();
    AddNumber(resources, "memory_mb", component.resources().memory_mb());
    AddNumber(resources, "disk_mb", component.resources().disk_mb());
  }
  if (component.has_limits()) json["limits"] = LimitsJson(component.limits());
  return json;
}

}  // namespace motley
