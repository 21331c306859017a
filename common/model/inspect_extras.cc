#include "common/model/inspection.h"
#include "common/model/model.h"
#include "common/model/text_forms.h"

namespace motley {
namespace {

constexpr std::uint32_t kMaxPort = 65535;
constexpr std::uint64_t kMaxMegabytes = 1ull << 30;
constexpr std::uint32_t kMaxCpuMillis = 4096 * 1000;
constexpr std::uint32_t kMaxPids = 4'194'304;  // the kernel's PID_MAX_LIMIT
constexpr std::uint32_t kMaxRetries = 1000;

void InspectHealth(const v1::HealthCheck& health, const std::string& place, Problems& problems) {
  switch (health.check_case()) {
    case v1::HealthCheck::kHttp:
      if (!IsHttpUrl(health.http().url())) {
        problems.Add(place, "has a health check of \"" + health.http().url() +
                                "\"; use an http or https URL, as in http://127.0.0.1:8080/health");
      }
      if (health.http().status() != 0 && (health.http().status() < 100 || health.http().status() > 599)) {
        problems.Add(place, "has a health check for status " + std::to_string(health.http().status()) +
                                "; use one from 100 to 599");
      }
      break;
    case v1::HealthCheck::kTcp:
      if (health.tcp().port() == 0 || health.tcp().port() > kMaxPort) {
        problems.Add(place,
                     "has a health check of port " + std::to_string(health.tcp().port()) + "; use one from 1 to 65535");
      }
      if (!health.tcp().address().empty() && !IsAddress(health.tcp().address())) {
        problems.Add(place, "has a health check of \"" + health.tcp().address() + "\"; use a name or IP address");
      }
      break;
    case v1::HealthCheck::kScript:
      if (health.script().has_artifact()) {
        InspectArtifact(health.script().artifact(), place, problems);
      } else if (health.script().content().empty()) {
        problems.Add(place, "has a health check with neither a script nor an artifact");
      }
      break;
    case v1::HealthCheck::CHECK_NOT_SET:
      break;
  }
  if (health.retries() > kMaxRetries) {
    problems.Add(place, "has a health check with " + std::to_string(health.retries()) + " retries; use at most 1000");
  }
}

void InspectAmount(const char* what, std::uint64_t value, std::uint64_t most, const std::string& place,
                   Problems& problems) {
  if (value <= most) return;
  problems.Add(place,
               std::string("has ") + what + " of " + std::to_string(value) + "; use at most " + std::to_string(most));
}

void InspectLimits(const v1::Component& component, Problems& problems) {
  const std::string place = Place(component);
  const v1::Limits& limits = component.limits();
  InspectAmount("resources.memory_mb", component.resources().memory_mb(), kMaxMegabytes, place, problems);
  InspectAmount("resources.disk_mb", component.resources().disk_mb(), kMaxMegabytes, place, problems);
  InspectAmount("limits.memory_mb", limits.memory_mb(), kMaxMegabytes, place, problems);
  InspectAmount("limits.disk_mb", limits.disk_mb(), kMaxMegabytes, place, problems);
  InspectAmount("limits.cpu_millis", limits.cpu_millis(), kMaxCpuMillis, place, problems);
  InspectAmount("limits.pids", limits.pids(), kMaxPids, place, problems);
  if (component.has_limits() && !component.has_process() && !component.has_script() && !component.has_container()) {
    problems.Add(place, "has limits, which only processes, scripts and containers can have; remove them");
  }
  if (limits.memory_mb() != 0 && component.resources().memory_mb() > limits.memory_mb()) {
    problems.Add(place, "needs " + std::to_string(component.resources().memory_mb()) + " MB of memory and may use " +
                            std::to_string(limits.memory_mb()) + "; raise limits.memory_mb");
  }
}

void InspectUser(const ModelIndex& index, int number, Problems& problems) {
  const v1::Component& component = index.model().components(number);
  if (component.user().empty()) return;
  if (!component.has_process() && !component.has_script()) {
    problems.Add(Place(component), "has a user, which only processes and scripts can have; remove it");
  } else if (!IsUserName(component.user())) {
    problems.Add(Place(component), "has the user \"" + component.user() + "\"; give the name of a user of the gateway");
  } else if (index.RootOf(number) == ModelIndex::Root::kHost && index.RootHostOf(number).has_ssh()) {
    problems.Add(Place(component),
                 "has a user and is on an ssh host, where everything runs as the user of that host; "
                 "remove it, or declare a host with that user");
  }
}

/// Strings stand in the serialized form as they are.
void InspectSecrets(const google::protobuf::MessageLite& message, const std::string& place, Problems& problems) {
  if (const auto bad = FindBadSecretReference(message.SerializeAsString())) {
    problems.Add(place, "has \"" + *bad +
                            "\", which names no secret; write ${secret.NAME} with a NAME of lower-case "
                            "letters, digits, '.', '_' and '-'");
  }
}

}  // namespace

void InspectExtras(const ModelIndex& index, Problems& problems) {
  for (const v1::Host& host : index.model().hosts()) InspectSecrets(host, Place(host), problems);
  for (int i = 0; i < index.model().components_size(); ++i) {
    const v1::Component& component = index.model().components(i);
    InspectHealth(component.health(), Place(component), problems);
    InspectLimits(component, problems);
    InspectUser(index, i, problems);
    InspectSecrets(component, Place(component), problems);
  }
}

}  // namespace motley
