#include "tests/common/fleet/random_fleet.h"

#include <array>

namespace motley::test {
namespace {

constexpr std::array<const char*, 3> kArchs = {"amd64", "arm64", "armhf"};
constexpr std::array<const char*, 4> kSites = {"oslo", "turin", "", "x \"y\" \\"};
constexpr std::array<const char*, 4> kBoards = {"uno", "nano", "mega", "oslo"};

std::string Quoted(const std::string& text) { return Print(Constant(text)); }

}  // namespace

Attributes RandomFleet::Gateway(const std::string& name) {
  Attributes gateway;
  gateway.gateway = name;
  gateway.arch = kArchs[Below(kArchs.size())];
  gateway.os = Below(4) == 0 ? "" : "debian";
  gateway.os_version = std::to_string(10 + Below(3));
  gateway.hostname = Below(2) == 0 ? name : "host-" + std::to_string(Below(50));
  gateway.memory_mb = Below(8) * 256;
  gateway.disk_mb = Below(100'000);
  gateway.cpus = Below(5);
  for (std::uint32_t i = Below(4); i > 0; --i) gateway.boards.push_back(kBoards[Below(kBoards.size())]);
  if (Below(2) == 0) gateway.kinds = {"process", "plugin:x"};
  gateway.container_engine = Below(2) == 0 ? "docker" : "";
  if (Below(3) > 0) gateway.tags["site"] = kSites[Below(kSites.size())];
  if (Below(3) == 0) gateway.tags["arch"] = kArchs[Below(kArchs.size())];
  if (Below(20) == 0) gateway.tags["rare-" + std::to_string(Below(5))] = "yes";
  return gateway;
}

std::string RandomFleet::Condition() {
  static constexpr std::array<const char*, 6> kRelations = {"==", "!=", "<", "<=", ">", ">="};
  const std::string equal = kRelations[Below(2)];
  const std::string relation = kRelations[Below(6)];
  const std::string in = Below(2) == 0 ? " in " : " not in ";
  switch (Below(16)) {
    case 0:
      return "arch " + equal + " " + Quoted(kArchs[Below(3)]);
    case 1:
      return Quoted(kSites[Below(4)]) + " " + equal + " tags.site";
    case 2:
      return "memory_mb " + relation + " " + std::to_string(Below(8) * 256);
    case 3:
      return std::to_string(Below(8) * 256) + (Below(2) == 0 ? " " : ".5 ") + relation + " memory_mb";
    case 4:
      return Quoted(kBoards[Below(4)]) + in + "boards";
    case 5:
      return "tags.site" + in + "[" + Quoted(kSites[Below(4)]) + ", " + Quoted("nowhere") + "]";
    case 6:
      return "cpus" + in + "[1, 2, " + std::to_string(Below(6)) + "]";
    case 7:
      return "has(tags.rare-" + std::to_string(Below(6)) + ")";
    case 8:
      return "arch " + equal + " tags.arch";
    case 9:
      return "tags.site" + in + "boards";
    case 10:
      return "disk_mb " + relation + " memory_mb";
    case 11:
      return "hostname " + equal + " gateway";
    case 12:
      return "container_engine " + equal + " \"docker\"";
    case 13:
      return "\"process\"" + in + "kinds";
    case 14:
      return "tags.nobody " + equal + " tags.site";
    default:
      return Below(2) == 0 ? "true" : "gateway" + in + "[\"gw-1\", \"gw-7\", \"gw-none\"]";
  }
}

std::string RandomFleet::SelectorText(int depth) {
  const std::string negation = Below(4) == 0 ? "!" : "";
  if (depth == 0 || Below(3) == 0) return negation + "(" + Condition() + ")";
  std::string text = SelectorText(depth - 1);
  const std::string join = Below(2) == 0 ? " && " : " || ";
  for (std::uint32_t i = 0; i <= Below(2); ++i) text += join + SelectorText(depth - 1);
  return negation + "(" + text + ")";
}

Selector Parsed(const std::string& text) {
  auto selector = Selector::Parse(text);
  if (!selector) {
    std::fprintf(stderr, "%s: %s\n", text.c_str(), selector.error().message.c_str());
    std::abort();
  }
  return *std::move(selector);
}

}  // namespace motley::test
