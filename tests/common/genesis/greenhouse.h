#pragma once

#include <nlohmann/json.hpp>

#include "common/genesis/genesis.h"

namespace motley::tests {

using nlohmann::json;

/// A component as the editor of GeneSIS writes it: all resources filled in, whether they are meant or not.
inline json Software(const std::string& name, const std::string& type) {
  const json credentials{{"username", "ubuntu"}, {"password", ""}, {"sshkey", ""}, {"agent", ""}};
  const json nothing{
      {"_type", "/capability/security_capability"}, {"control_id", ""}, {"description", ""}, {"name", "a_capability"}};
  return {{"_type", type},
          {"name", name},
          {"id", "id-of-" + name},
          {"version", "0.0.1"},
          {"properties", json::array()},
          {"provided_execution_port", {{{"name", "offer"}, {"capabilities", nothing}}}},
          {"required_execution_port", {{"name", "demand"}, {"needDeployer", false}, {"capabilities", nothing}}},
          {"provided_communication_port", {{{"name", "out"}, {"port_number", "80"}, {"capabilities", nothing}}}},
          {"required_communication_port",
           {{{"name", "in"}, {"port_number", "80"}, {"isMandatory", false}, {"capabilities", nothing}}}},
          {"docker_resource",
           {{"name", "d"},
            {"image", "ubuntu"},
            {"command", ""},
            {"port_bindings", {{"1880", "1880"}}},
            {"devices", {{"PathOnHost", ""}, {"PathInContainer", ""}, {"CgroupPermissions", "rwm"}}}}},
          {"ssh_resource",
           {{"name", "s"},
            {"startCommand", ""},
            {"downloadCommand", ""},
            {"installCommand", ""},
            {"configureCommand", ""},
            {"stopCommand", ""},
            {"credentials", credentials}}},
          {"ansible_resource",
           {{"name", "a"}, {"playbook_path", ""}, {"playbook_host", ""}, {"credentials", credentials}}}};
}

inline json Infra(const std::string& name, const std::string& type, const std::string& ip) {
  return {{"_type", type},
          {"name", name},
          {"id", "id-of-" + name},
          {"provided_execution_port", {{{"name", "offer"}}}},
          {"ip", ip},
          {"port", {"2376"}},
          {"credentials", {{"username", "grower"}, {"password", ""}, {"sshkey", ""}}}};
}

inline json External(const std::string& name, const std::string& ip) {
  return {{"_type", "/external"},
          {"name", name},
          {"ip", ip},
          {"provided_communication_port", {{{"name", "out"}, {"port_number", "443"}}}},
          {"required_communication_port", {{{"name", "in"}}}}};
}

inline json Link(const std::string& name, const std::string& from, const std::string& to) {
  return {{"name", name},
          {"src", "/" + from + "/out"},
          {"target", "/" + to + "/in"},
          {"isControl", false},
          {"isDeployer", false}};
}

inline json Hosting(const std::string& carrier, const std::string& guest) {
  return {{"name", guest + " on " + carrier}, {"src", "/" + carrier + "/offer"}, {"target", "/" + guest + "/demand"}};
}

/// A greenhouse: a broker in a container and a script on the gateway, a Node-RED with a flow on another machine, and a
/// sketch on a board that the Node-RED deploys.
inline json Greenhouse() {
  json broker = Software("Broker", "/internal/mqtt");
  broker["docker_resource"]["image"] = "eclipse-mosquitto:2";
  broker["docker_resource"]["port_bindings"] = {{"1884", "1883"}};
  broker["provided_communication_port"][0]["port_number"] = "1884";
  json logic = Software("Logic", "/internal/node_red");
  logic["docker_resource"]["image"] = "nodered/node-red:3";
  logic["nr_flow"] = {{{"id", "n1"}, {"type", "inject"}}};
  logic["required_communication_port"][0]["isMandatory"] = true;
  json logger = Software("Logger", "/internal");
  logger["ssh_resource"]["downloadCommand"] = "wget -O logger.tgz http://files.example/logger.tgz";
  logger["ssh_resource"]["startCommand"] = "./logger &";
  logger["ssh_resource"]["stopCommand"] = "pkill -x logger";
  json sketch = Software("Valves", "/internal/arduino");
  sketch["sketch"] = "/home/author/valves.ino";
  json board = Infra("Bench 1", "/infra/device", "127.0.0.1");
  board["device_type"] = "uno";
  board["physical_port"] = "/dev/ttyACM0";
  json deployer = Link("flash", "Logic", "Valves");
  deployer["isDeployer"] = true;
  return {
      {"name", "greenhouse"},
      {"components",
       {Infra("Gate", "/infra/docker_host", "127.0.0.1"), Infra("Shed", "/infra/docker_host", "192.0.2.7"), board,
        External("Weather", "weather.example"), broker, logic, logger, sketch}},
      {"links", {Link("values", "Broker", "Logic"), Link("forecast", "Weather", "Logic"), deployer}},
      {"containments",
       {Hosting("Gate", "Broker"), Hosting("Shed", "Logic"), Hosting("Gate", "Logger"), Hosting("Bench 1", "Valves")}}};
}

/// The component of this name in a model as JSON.
inline json& ComponentOf(json& model, const std::string& name) {
  for (json& component : model["components"]) {
    if (component["name"] == name) return component;
  }
  throw std::out_of_range(name);
}

inline GenesisImport Import(const json& model) { return ImportGenesis(model.dump()); }

}  // namespace motley::tests
