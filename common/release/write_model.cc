#include "common/release/write_model.h"

#include "common/release/model_file.h"
#include "common/release/parameters.h"
#include "common/release/yaml_text.h"

namespace motley {
namespace {

ModelJson CapabilityJson(const v1::Capability& capability) {
  ModelJson json = ModelJson::object();
  std::string name;
  if (capability.has_security()) {
    name = capability.security().control_id();
    json["security"] = Parameters::Escape(name);
    AddText(json, "description", capability.security().description());
  } else if (capability.has_hardware()) {
    name = capability.hardware().path();
    json["hardware"] = Parameters::Escape(name);
    AddText(json, "permissions", capability.hardware().permissions());
  } else {
    name = capability.name();
    json["software"] = Parameters::Escape(name);
    AddText(json, "version", capability.software().version());
  }
  if (name != capability.name()) AddText(json, "name", capability.name());
  return json;
}

}  // namespace

void AddText(ModelJson& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = Parameters::Escape(value);
}

void AddNumber(ModelJson& json, const char* key, std::uint64_t value) {
  if (value != 0) json[key] = value;
}

void AddTexts(ModelJson& json, const char* key, const google::protobuf::RepeatedPtrField<std::string>& texts) {
  for (const std::string& text : texts) json[key].push_back(Parameters::Escape(text));
}

void AddTexts(ModelJson& json, const char* key, const google::protobuf::Map<std::string, std::string>& texts) {
  if (texts.empty()) return;
  const std::map<std::string, std::string> sorted(texts.begin(), texts.end());
  // By name, each would be looked for among all before it.
  auto& object = (json[key] = ModelJson::object()).get_ref<ModelJson::object_t&>();
  for (const auto& [name, text] : sorted) object.emplace_back(name, Parameters::Escape(text));
}

const std::string& ArtifactNames::NameOf(const v1::ArtifactRef& artifact) {
  std::string& name = by_bytes_[artifact.SerializeAsString()];
  if (!name.empty()) return name;
  const std::string base = artifact.name().empty() ? "artifact" : artifact.name();
  name = base;
  for (int number = 2; !refs_.try_emplace(name, artifact).second; ++number) name = base + "-" + std::to_string(number);
  return name;
}

ModelJson ArtifactNames::Table() const {
  ModelJson table = ModelJson::object();
  for (const auto& [name, artifact] : refs_) {
    ModelJson& json = table[name];
    json["digest"] = artifact.digest();
    json["size_bytes"] = artifact.size_bytes();
    if (name != artifact.name()) json["name"] = artifact.name();
  }
  return table;
}

ModelJson PortsJson(const google::protobuf::RepeatedPtrField<v1::Port>& ports) {
  ModelJson all = ModelJson::object();
  for (const v1::Port& port : ports) {
    ModelJson& json = all[port.name()] = ModelJson::object();
    if (port.type() == v1::Port::TYPE_COMMUNICATION) json["type"] = "communication";
    if (port.type() == v1::Port::TYPE_EXECUTION) json["type"] = "execution";
    if (port.mandatory()) json["mandatory"] = true;
    AddNumber(json, "port", port.number());
    AddText(json, "protocol", port.protocol());
    for (const v1::Capability& capability : port.capabilities()) {
      json["capabilities"].push_back(CapabilityJson(capability));
    }
  }
  return all;
}

ModelJson HostJson(const v1::Host& host) {
  ModelJson json = ModelJson::object();
  if (host.has_mcu()) {
    json["mcu"] = Parameters::Escape(host.mcu().board());
    AddText(json, "serial_number", host.mcu().serial_number());
  } else if (host.has_ssh()) {
    ModelJson& ssh = json["ssh"] = ModelJson::object();
    AddText(ssh, "address", host.ssh().address());
    AddNumber(ssh, "port", host.ssh().port());
    AddText(ssh, "user", host.ssh().user());
    AddText(ssh, "host_key", host.ssh().host_key());
    AddText(ssh, "private_key", host.ssh().private_key());
  } else if (host.has_container_engine()) {
    ModelJson& engine = json["container_engine"] = ModelJson::object();
    AddText(engine, "host", host.container_engine().host());
    AddText(engine, "socket", host.container_engine().socket());
  } else if (host.has_external()) {
    ModelJson& external = json["external"] = ModelJson::object();
    AddText(external, "address", host.external().address());
  }
  if (host.provided_ports_size() > 0) json["provides"] = PortsJson(host.provided_ports());
  if (host.required_ports_size() > 0) json["requires"] = PortsJson(host.required_ports());
  AddTexts(json, "properties", host.properties());
  return json;
}

ModelJson LinkJson(const v1::Link& link) {
  ModelJson json = ModelJson::object();
  if (link.name() != link.from() + "->" + link.to()) AddText(json, "name", link.name());
  AddText(json, "from", link.from());
  AddText(json, "to", link.to());
  if (link.follow()) json["follow"] = true;
  if (link.deployer()) json["deployer"] = true;
  return json;
}

std::string WriteModelFile(const v1::DeploymentModel& model) {
  ArtifactNames artifacts;
  ModelJson hosts = ModelJson::object();
  for (const v1::Host& host : model.hosts()) hosts[host.name()] = HostJson(host);
  ModelJson components = ModelJson::object();
  for (const v1::Component& component : model.components()) {
    components[component.name()] = ComponentJson(component, artifacts);
  }
  ModelJson links = ModelJson::array();
  for (const v1::Link& link : model.links()) links.push_back(LinkJson(link));

  ModelJson json = ModelJson::object();
  if (const ModelJson table = artifacts.Table(); !table.empty()) json["artifacts"] = table;
  if (!hosts.empty()) json["hosts"] = std::move(hosts);
  if (!components.empty()) json["components"] = std::move(components);
  if (!links.empty()) json["links"] = std::move(links);
  return YamlText(json);
}

}  // namespace motley
