#include <array>
#include <cstdio>

#include "common/release/parameters.h"
#include "common/release/write_model.h"

namespace motley {
namespace {

void AddArtifact(ModelJson& json, const char* key, const v1::ArtifactRef& artifact, ArtifactNames& artifacts) {
  json[key] = Parameters::Escape(artifacts.NameOf(artifact));
}

void AddRestart(ModelJson& json, v1::ProcessSpec::Restart restart) {
  if (restart == v1::ProcessSpec::RESTART_ALWAYS) json["restart"] = "always";
  if (restart == v1::ProcessSpec::RESTART_ON_FAILURE) json["restart"] = "on-failure";
  if (restart == v1::ProcessSpec::RESTART_NEVER) json["restart"] = "never";
}

void AddProcess(const v1::ProcessSpec& process, ArtifactNames& artifacts, ModelJson& json) {
  if (process.has_artifact()) AddArtifact(json, "artifact", process.artifact(), artifacts);
  AddTexts(json, "command", process.command());
  AddTexts(json, "environment", process.environment());
  AddRestart(json, process.restart());
  AddNumber(json, "confirm_ms", process.confirm_ms());
  AddNumber(json, "stop_timeout_ms", process.stop_timeout_ms());
}

void AddFile(const v1::FileSpec& file, ArtifactNames& artifacts, ModelJson& json) {
  AddText(json, "path", file.path());
  if (file.has_artifact()) AddArtifact(json, "artifact", file.artifact(), artifacts);
  if (file.source_case() == v1::FileSpec::kContent) json["content"] = Parameters::Escape(file.content());
  if (file.mode() != 0) {
    std::array<char, 16> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", file.mode());
    json["mode"] = mode.data();
  }
  AddText(json, "owner", file.owner());
  AddText(json, "group", file.group());
}

void AddScript(const v1::ScriptSpec& script, ArtifactNames& artifacts, ModelJson& json) {
  if (script.has_artifact()) AddArtifact(json, "artifact", script.artifact(), artifacts);
  if (script.source_case() == v1::ScriptSpec::kApply) json["apply"] = Parameters::Escape(script.apply());
  AddText(json, "undo", script.undo());
  AddTexts(json, "environment", script.environment());
  AddNumber(json, "timeout_ms", script.timeout_ms());
}

void AddFirmware(const v1::FirmwareSpec& firmware, ArtifactNames& artifacts, ModelJson& json) {
  if (firmware.has_image()) AddArtifact(json, "image", firmware.image(), artifacts);
  AddText(json, "version", firmware.version());
  AddNumber(json, "hello_ms", firmware.hello_ms());
  if (firmware.has_probation_ms()) json["probation_ms"] = firmware.probation_ms();
  if (firmware.self_test()) json["self_test"] = true;
  if (firmware.has_address()) json["address"] = firmware.address();
  AddNumber(json, "absent_ms", firmware.absent_ms());
}

/// The short form, "127.0.0.1:8080:80/tcp".
std::string PortText(const v1::PortBinding& port) {
  std::string text = port.host_address();
  if (text.find(':') != std::string::npos) text = "[" + text + "]";
  if (!text.empty()) text += ':';
  text += std::to_string(port.host_port()) + ":" + std::to_string(port.container_port());
  return port.protocol().empty() ? text : text + "/" + port.protocol();
}

bool HasColon(const std::string& text) { return text.find(':') != std::string::npos; }

ModelJson MountJson(const v1::Mount& mount) {
  if (!HasColon(mount.source()) && !HasColon(mount.target())) {
    return Parameters::Escape(mount.source() + ":" + mount.target() + (mount.read_only() ? ":ro" : ""));
  }
  ModelJson json = ModelJson::object();
  AddText(json, "source", mount.source());
  AddText(json, "target", mount.target());
  if (mount.read_only()) json["read_only"] = true;
  return json;
}

ModelJson DeviceJson(const v1::DeviceMapping& device) {
  const bool short_form = !HasColon(device.path_on_host()) && !HasColon(device.path_in_container()) &&
                          (device.permissions().empty() || !device.path_in_container().empty());
  if (short_form) {
    std::string text = device.path_on_host();
    if (!device.path_in_container().empty()) text += ":" + device.path_in_container();
    if (!device.permissions().empty()) text += ":" + device.permissions();
    return Parameters::Escape(text);
  }
  ModelJson json = ModelJson::object();
  AddText(json, "path_on_host", device.path_on_host());
  AddText(json, "path_in_container", device.path_in_container());
  AddText(json, "permissions", device.permissions());
  return json;
}

void AddContainer(const v1::ContainerSpec& container, ArtifactNames& artifacts, ModelJson& json) {
  AddText(json, "image", container.image());
  if (container.has_archive()) AddArtifact(json, "archive", container.archive(), artifacts);
  AddTexts(json, "entrypoint", container.entrypoint());
  AddTexts(json, "command", container.command());
  AddTexts(json, "environment", container.environment());
  for (const v1::PortBinding& port : container.ports()) json["ports"].push_back(PortText(port));
  for (const v1::Mount& mount : container.mounts()) json["mounts"].push_back(MountJson(mount));
  for (const v1::DeviceMapping& device : container.devices()) json["devices"].push_back(DeviceJson(device));
  AddText(json, "network", container.network());
  AddTexts(json, "labels", container.labels());
  AddRestart(json, container.restart());
  AddNumber(json, "stop_timeout_ms", container.stop_timeout_ms());
  AddNumber(json, "confirm_ms", container.confirm_ms());
}

/// Texts are escaped at any depth.
ModelJson ConfigJson(const ModelJson& value) {
  if (value.is_string()) return Parameters::Escape(value.get<std::string>());
  if (!value.is_structured()) return value;
  ModelJson escaped = value.is_object() ? ModelJson::object() : ModelJson::array();
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) escaped[key] = ConfigJson(item);
  } else {
    for (const ModelJson& item : value) escaped.push_back(ConfigJson(item));
  }
  return escaped;
}

void AddPlugin(const v1::PluginSpec& plugin, ArtifactNames& artifacts, ModelJson& json) {
  AddText(json, "plugin", plugin.plugin());
  const ModelJson config = ModelJson::parse(plugin.config(), nullptr, false);
  if (config.is_object() && !config.empty()) json["config"] = ConfigJson(config);
  for (const v1::ArtifactRef& artifact : plugin.artifacts()) {
    json["artifacts"].push_back(Parameters::Escape(artifacts.NameOf(artifact)));
  }
}

}  // namespace

void AddKindJson(const v1::Component& component, ArtifactNames& artifacts, ModelJson& json) {
  if (component.has_process()) AddProcess(component.process(), artifacts, json);
  if (component.has_file()) AddFile(component.file(), artifacts, json);
  if (component.has_script()) AddScript(component.script(), artifacts, json);
  if (component.has_firmware()) AddFirmware(component.firmware(), artifacts, json);
  if (component.has_container()) AddContainer(component.container(), artifacts, json);
  if (component.has_archive()) {
    AddArtifact(json, "archive", component.archive().archive(), artifacts);
    AddText(json, "path", component.archive().path());
  }
  if (component.has_package()) {
    AddText(json, "package", component.package().package());
    AddText(json, "version", component.package().version());
    if (component.package().has_deb()) AddArtifact(json, "deb", component.package().deb(), artifacts);
  }
  if (component.has_plugin()) AddPlugin(component.plugin(), artifacts, json);
}

}  // namespace motley
