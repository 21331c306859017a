#include "tests/system/releases.h"

#include "tests/system/fleet.h"

namespace motley::tests {

std::string BlinkyRelease(const std::string& version) {
  return "application: blinky\nversion: " + version +
         "\nartifacts:\n  firmware: {file: " + FirmwareFile("blink-" + version + ".hex") + R"(}
template:
  hosts:
    board: {mcu: uno}
  components:
    greeter:
      kind: process
      command: [/bin/sh, -c, "echo hello from ${version}; exec sleep 1000000"]
      confirm_ms: 200
    blink:
      kind: firmware
      host: board
      image: firmware
      version: ${version}
      hello_ms: 3000
      probation_ms: 100
variants:
  - name: with-uno
    when: '"uno" in boards'
    prefer: 10
  - name: plain
    without: [blink, board]
)";
}

std::string ConfigRelease(const std::string& version, const std::string& path) {
  return "application: config\nversion: " + version + R"(
template:
  components:
    settings: {kind: file, path: )" +
         path + R"(, content: "version ${version}\n"}
variants:
  - name: all
)";
}

std::string BigFileRelease(const std::string& version, const std::string& path, const std::string& source) {
  return "application: config\nversion: " + version + "\nartifacts:\n  big: {file: " + source + R"(}
template:
  components:
    settings: {kind: file, path: )" +
         path + R"(, artifact: big}
variants:
  - name: all
)";
}

std::string OnlyForRelease(const std::string& selector) {
  return R"(application: picky
version: 1.0.0
template:
  components:
    setup: {kind: script, apply: "true"}
variants:
  - name: only
    when: ')" +
         selector + "'\n";
}

}  // namespace motley::tests
