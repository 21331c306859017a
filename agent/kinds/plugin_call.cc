#include "agent/kinds/plugin_call.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "agent/exec/command.h"
#include "agent/kinds/plugin_schema.h"
#include "agent/supervise/log_reader.h"
#include "common/model/model.h"

namespace motley::agent {
namespace {

using Json = nlohmann::json;

// The first program of the command line, which limits and then becomes the plugin.
constexpr std::string_view kLimiter = "setpriv";
// Of a plugin that runs in many processes; one gets as much processor time as the whole may take.
constexpr std::int64_t kProcessorSlackSeconds = 1;
// Kept small, since it becomes part of reports.
constexpr std::size_t kLastWordsBytes = 300;

template <typename Map>
Json ToObject(const Map& map) {
  Json object = Json::object();
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

template <typename Ports>
Json ToPorts(const Ports& ports) {
  Json object = Json::object();
  for (const auto& port : ports) {
    object[port.name()] = {{"number", port.number()}, {"protocol", port.protocol().empty() ? "tcp" : port.protocol()}};
  }
  return object;
}

Json ToHost(const v1::Host& host) {
  if (host.host_case() == v1::Host::HOST_NOT_SET) return {{"name", "gateway"}, {"type", "gateway"}};
  Json object = {{"name", host.name()}, {"properties", ToObject(host.properties())}};
  object["ports"] = ToPorts(host.provided_ports());
  if (host.has_container_engine()) {
    object["type"] = "container_engine";
    object["socket"] = host.container_engine().socket();
  } else if (host.has_external()) {
    object["type"] = "external";
    object["address"] = host.external().address();
  } else if (host.has_mcu()) {
    object["type"] = "mcu";
    object["board"] = host.mcu().board();
    object["serial_number"] = host.mcu().serial_number();
  } else {
    object["type"] = "ssh";
    object["address"] = host.ssh().address();
  }
  return object;
}

Json ToCarrier(const std::optional<v1::Component>& carrier) {
  if (!carrier) return nullptr;
  return {{"name", carrier->name()},
          {"kind", KindName(*carrier)},
          {"properties", ToObject(carrier->properties())},
          {"ports", ToPorts(carrier->provided_ports())}};
}

std::vector<std::string> Environment(const std::string& folder) {
  std::vector<std::string> environment = {"LANG=C.UTF-8", "HOME=" + folder};
  const char* path = std::getenv("PATH");
  environment.push_back(std::string("PATH=") +
                        (path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
  for (const char* name : {"TMPDIR", "http_proxy", "https_proxy", "no_proxy"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

/// Of an error of RunCommand, which names the limiter where it means the plugin.
Error AboutPlugin(Error error) {
  if (error.message.starts_with(kLimiter)) error.message.replace(0, kLimiter.size(), "it");
  return error;
}

std::string LastWords(const CommandEnd& end) {
  auto words = ToUtf8(end.LastWords());
  if (words.size() > kLastWordsBytes) words = ToUtf8(words.substr(0, kLastWordsBytes));
  return words.empty() ? "it wrote nothing" : "its last words: " + words;
}

}  // namespace

Result<std::string> PluginRequest(const KindSetup& setup, const Instance& instance, const std::string& state_folder) {
  const auto& spec = instance.component.plugin();
  const std::string config_text = spec.config().empty() ? "{}" : spec.config();
  const auto problems = CheckPluginConfig("", config_text);
  if (!problems.empty()) return Error{Code::kInvalid, problems.front()};
  Json request;
  request["protocol"] = kPluginProtocol;
  request["gateway"] = setup.gateway;
  request["application"] = instance.application;
  request["component"] = instance.component.name();
  request["digest"] = instance.digest;
  request["config"] = Json::parse(config_text, nullptr, /*allow_exceptions=*/false);
  request["properties"] = ToObject(instance.component.properties());
  request["artifacts"] = Json::object();
  for (const auto& artifact : spec.artifacts())
    request["artifacts"][artifact.name()] = setup.artifact(artifact.digest());
  request["host"] = ToHost(instance.host);
  request["carrier"] = ToCarrier(instance.carrier);
  request["state_folder"] = state_folder;
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> CallPlugin(const PluginFile& file, const std::string& verb, const std::string& request,
                               const std::string& folder, std::chrono::milliseconds deadline,
                               const PluginLimits& limits) {
  const auto processor_seconds = deadline.count() / 1000 + kProcessorSlackSeconds;
  Command command;
  command.arguments = {std::string(kLimiter),
                       "--no-new-privs",
                       "prlimit",
                       "--as=" + std::to_string(limits.memory_bytes),
                       "--cpu=" + std::to_string(processor_seconds),
                       "--nofile=" + std::to_string(limits.open_files),
                       "--core=0",
                       file.path,
                       verb};
  command.environment = Environment(folder);
  command.working_folder = folder;
  command.input = request;
  command.deadline = deadline;
  command.output_limit_bytes = limits.output_bytes;
  auto end = RunCommand(command);
  if (!end) return AboutPlugin(std::move(end).error());
  if (end->code == 0) return std::move(end->output);
  // A plugin that fails in good order says why on its standard output, whatever its exit code.
  if (auto said = ParsePluginOutcome(end->output); !said && said.error().code != Code::kInvalid) return said.error();
  return Error{Code::kUnavailable, "it ended with exit code " + std::to_string(end->code) + "; " + LastWords(*end)};
}

Result<PluginDescription> DescribePlugin(const std::string& name, const PluginFile& file, const std::string& folder,
                                         const PluginLimits& limits) {
  const auto request = Json({{"protocol", kPluginProtocol}}).dump();
  TRY_ASSIGN(const auto output, CallPlugin(file, "describe", request, folder, limits.describe, limits));
  TRY_ASSIGN(auto description, ParsePluginDescription(output));
  if (description.name == name) return description;
  return Error{Code::kInvalid, "it says that it is \"" + description.name + "\", and its file is called " + file.path +
                                   "; rename the file"};
}

}  // namespace motley::agent
