#include "tools/swarm/machine.h"

#include <fmt/format.h>

#include <array>

#include "common/fleet/gateway_fields.h"
#include "common/model/model.h"

namespace motley::swarm {
namespace {

constexpr std::array<const char*, 3> kArchitectures{"amd64", "arm64", "armhf"};
constexpr std::array<std::uint64_t, 5> kMemoriesMb{256, 512, 1024, 2048, 4096};
constexpr std::array<const char*, 3> kRegions{"asia", "eu", "us"};
constexpr std::uint64_t kSitesInRegion = 4;

std::vector<std::string>* ListOf(std::string_view name, Attributes& machine) {
  if (name == "boards") return &machine.boards;
  if (name == "kinds") return &machine.kinds;
  return nullptr;
}

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end > 0) items.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return items;
}

}  // namespace

v1::Context ContextOf(const Attributes& machine) {
  v1::Context context;
  context.set_arch(machine.arch);
  context.set_os(machine.os);
  context.set_os_version(machine.os_version);
  context.set_memory_mb(machine.memory_mb);
  context.set_disk_mb(machine.disk_mb);
  context.set_cpus(machine.cpus);
  context.set_hostname(machine.hostname);
  context.set_container_engine(machine.container_engine);
  for (std::size_t i = 0; i < machine.boards.size(); ++i) {
    v1::Board& board = *context.add_boards();
    board.set_type(machine.boards[i]);
    board.set_serial_number(fmt::format("{}-{}", machine.gateway, i));
    board.set_port(fmt::format("/dev/ttySIM{}", i));
  }
  for (const std::string& kind : machine.kinds) context.add_kinds(kind);
  if (machine.kinds.empty()) {
    for (const std::string_view kind : KindNames()) context.add_kinds(std::string(kind));
  }
  return context;
}

Result<void> ChangeMachine(std::string_view change, Attributes& machine) {
  const auto equals = change.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error{Code::kInvalid, fmt::format("\"{}\" is no change; write NAME=VALUE, as in memory_mb=512", change)};
  }
  const std::string_view name = change.substr(0, equals);
  const std::string_view value = change.substr(equals + 1);
  if (name == "gateway" || name == "runs" || name.starts_with("runs.")) {
    return Error{Code::kInvalid,
                 fmt::format("\"{}\" can not be changed: {}", name,
                             name == "gateway" ? "a gateway keeps its name; let it leave, and another join"
                                               : "the controller says what a gateway runs")};
  }
  if (std::vector<std::string>* list = ListOf(name, machine)) {
    *list = Split(value);
    return {};
  }
  ListedGateway changed{.attributes = machine};
  TRY(SetField(changed, name, value));
  machine = std::move(changed.attributes);
  return {};
}

Attributes MakeMachine(std::uint64_t seed, std::uint64_t number, std::string name) {
  std::uint64_t state = Mix(seed + Mix(number));
  const auto pick = [&state](std::uint64_t choices) {
    state = Mix(state);
    return state % choices;
  };
  Attributes machine;
  machine.hostname = name;
  machine.gateway = std::move(name);
  machine.arch = kArchitectures[pick(kArchitectures.size())];
  machine.os = "debian";
  machine.os_version = "12";
  machine.memory_mb = kMemoriesMb[pick(kMemoriesMb.size())];
  machine.disk_mb = machine.memory_mb * 8;
  machine.cpus = machine.memory_mb >= 2048 ? 4 : 1;
  const std::uint64_t boards = pick(4);
  if (boards == 1 || boards == 3) machine.boards.emplace_back("uno");
  if (boards >= 2) machine.boards.emplace_back("nano");
  const std::string region = kRegions[pick(kRegions.size())];
  machine.tags["region"] = region;
  machine.tags["site"] = fmt::format("{}-{}", region, 1 + pick(kSitesInRegion));
  return machine;
}

std::uint64_t Mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

std::uint64_t Mix(std::uint64_t seed, std::string_view text) {
  std::uint64_t value = Mix(seed);
  for (const char c : text) value = Mix(value ^ static_cast<unsigned char>(c));
  return value;
}

}  // namespace motley::swarm
