#include "tests/system/subsystem.h"

#include <google/protobuf/util/json_util.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "common/files/files.h"

namespace motley::tests {
namespace {

namespace fs = std::filesystem;

/// The part after `marker` of the command line of a process of this machine that has it; empty if none has.
std::string AfterMarker(const std::string& marker) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "cmdline");
    std::string word;
    while (std::getline(file, word, '\0')) {
      if (word.starts_with(marker)) return word.substr(marker.size());
    }
  }
  return "";
}

std::string FirmwareVersion(const std::string& version, bool broken) {
  return broken ? "1.2.0" : version.starts_with("1.0") ? "1.0.0" : "1.1.0";
}

}  // namespace

Subsystem::Subsystem() {
  WriteImageArchive({.name = "localhost/motley-station:1", .command = {"/bin/sleep", "1000000"}, .health = {}},
                    folder_ / "station.tar");
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"password", "correct horse"},
                                    {"pi-key", ssh_.host().ssh().private_key()}}) {
    v1::SetSecretRequest request;
    request.set_value(value);
    std::string json;
    CHECK(google::protobuf::util::MessageToJsonString(request, &json).ok());
    CHECK(controller_.Call("PUT", "/v1/secrets/" + name, json).has_value());
  }
  TestAgent::Options options;
  options.controller_url = controller_.url();
  options.token = controller_.AddGateway("gw");
  options.boards = &boards_;
  options.arguments = {"--drift-interval-ms", "500", "--container-engine", engine_.socket()};
  agent_ = std::make_unique<TestAgent>(options);
}

const std::vector<std::string>& Subsystem::components() {
  static const std::vector<std::string> kComponents{"front", "store", "server", "settings", "remote", "left", "right"};
  return kComponents;
}

std::string Subsystem::Release(const std::string& version, const std::string& broken) const {
  const auto when = [&](const char* component, const std::string& bad, const std::string& good) {
    return broken == component ? bad : good;
  };
  const v1::SshHost ssh = ssh_.host().ssh();
  const std::string left = FirmwareVersion(version, broken == "left");
  const std::string right = FirmwareVersion(version, broken == "right");
  const std::string container =
      "kind: container, image: localhost/motley-station:1, archive: station, network: none, "
      "confirm_ms: 300, stop_timeout_ms: 200, restart: never, labels: {version: \"" +
      version + "\"}";
  return "application: station\nversion: " + version + "\nartifacts:\n  station: {file: " + folder_.path() +
         "/station.tar}\n  left: {file: " + FirmwareFile("blink-" + left + ".hex") +
         "}\n  right: {file: " + FirmwareFile("blink-slow-" + right + ".hex") + R"(}
template:
  hosts:
    left-board: {mcu: uno, serial_number: L1}
    right-board: {mcu: uno, serial_number: R1}
    pi:
      ssh:
        address: )" +
         ssh.address() + "\n        port: " + std::to_string(ssh.port()) + "\n        user: " + ssh.user() +
         "\n        host_key: " + ssh.host_key() + R"(
        private_key: ${secret.pi-key}
  components:
    store: {)" +
         container + when("store", ", command: [/bin/false]", "") + R"(, provides: {data: {}}}
    front: {)" +
         container + when("front", ", command: [/bin/false]", "") + R"(, depends_on: [server]}
    server:
      kind: process
      command: [/bin/busybox, httpd, -f, -p, "127.0.0.1:)" +
         std::to_string(port_) + "\", -r, server-" + id_ + "-" + version + ", -h, " +
         when("server", "/no/such/folder", folder_.path()) + R"(]
      confirm_ms: 200
      requires: {data: {mandatory: true}}
      health: {http: {url: "http://127.0.0.1:)" +
         std::to_string(port_) + R"(/none", status: 404}, timeout_ms: 1000}
    settings:
      kind: file
      path: )" +
         when("settings", "/proc/motley/settings", folder_ / "settings") + R"(
      mode: "0600"
      content: "version )" +
         version + R"( password ${secret.password}"
    remote:
      kind: process
      host: pi
      command: [/bin/sh, -c, ")" +
         when("remote", "exit 1", "while :; do sleep 1000; done") + "\", remote-" + id_ + "-" + version + R"(]
      confirm_ms: 200
    left: {kind: firmware, host: left-board, image: left, version: )" +
         left + R"(, hello_ms: 3000, probation_ms: 100}
    right: {kind: firmware, host: right-board, image: right, version: )" +
         right + R"(, hello_ms: 3000, probation_ms: 100}
  links:
    - {from: store/data, to: server/data}
variants:
  - name: all
)";
}

std::string Subsystem::Container(const std::string& component) const {
  std::string version = RunProgram(engine_.ClientCommand({"ps", "--filter", "label=io.motley.component=" + component,
                                                          "--format", "{{.Label \"version\"}}"}))
                            .output;
  while (!version.empty() && version.back() == '\n') version.pop_back();
  return version;
}

std::map<std::string, std::string> Subsystem::Seen() {
  std::map<std::string, std::string> seen;
  for (const char* component : {"front", "store"}) seen[component] = Container(component);
  for (const char* component : {"server", "remote"})
    seen[component] = AfterMarker(std::string(component) + "-" + id_ + "-");
  const auto settings = ReadFile(folder_ / "settings", 4096);
  seen["settings"] = settings ? *settings : "";
  const v1::Gateway gateway = controller_.Gateway("gw");
  for (const v1::ReportedDevice& device : gateway.reported().devices()) {
    seen[device.id() == "L1" ? "left" : "right"] = device.firmware_version();
  }
  return seen;
}

std::map<std::string, std::string> Subsystem::Expected(const std::string& version) {
  std::map<std::string, std::string> expected;
  for (const char* component : {"front", "store", "server", "remote"}) expected[component] = version;
  expected["settings"] = "version " + version + " password correct horse";
  expected["left"] = expected["right"] = FirmwareVersion(version, false);
  return expected;
}

}  // namespace motley::tests
