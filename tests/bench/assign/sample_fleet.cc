#include "tests/bench/assign/sample_fleet.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "common/fleet/fleet_file.h"

namespace motley::bench {
namespace {

constexpr std::array<const char*, 5> kArchs = {"amd64", "arm64", "armhf", "i386", "riscv64"};
constexpr std::array<const char*, 4> kRegions = {"eu", "us", "asia", "africa"};

std::uint32_t Mixed(std::uint32_t number) { return static_cast<std::uint32_t>(number * 0x9E3779B97F4A7C15ULL >> 32); }

// Two thirds are for one architecture and so much memory; the others for some regions or boards.
std::string WhenOf(std::uint32_t variant) {
  const char* const arch = kArchs[variant % kArchs.size()];
  const std::uint32_t memory_mb = 256U << variant / 5 % 5;
  switch (variant % 6) {
    case 0:
      return fmt::format("tags.region in [\"{}\", \"{}\"] && memory_mb >= {}", kRegions[variant % 4],
                         kRegions[(variant + 1) % 4], memory_mb);
    case 1:
      return fmt::format("\"uno\" in boards && arch != \"{}\"", arch);
    default:
      return fmt::format("arch == \"{}\" && memory_mb >= {} && cpus > 0", arch, memory_mb);
  }
}

constexpr char kRules[] = R"(rules:
  - coverage: 1000
  - keep: 20
  - at_least: 5%
    of: [v2, v3, v8]
    where: tags.env == "prod"
    weight: 100
  - at_most: 10000
    of: v5
    weight: 30
  - balance: [v10, v20, v40]
    within: tags.site
    weight: 10
)";

}  // namespace

std::uint32_t SampleFleet::ContextOf(std::uint32_t number) { return Mixed(number) % (kMachines * kSites); }

void SampleFleet::Gateway(std::uint32_t number, std::uint32_t context, Attributes& gateway) {
  const std::uint32_t machine = context % kMachines;
  const std::uint32_t site = context / kMachines;
  gateway.gateway = fmt::format("gw-{:07}", number);
  gateway.arch = kArchs[machine % 5];
  gateway.os = "debian";
  gateway.os_version = machine < 25 ? "12" : "11";
  gateway.hostname = fmt::format("edge-{:07}", number);
  gateway.memory_mb = (256U << machine / 5 % 5) + Mixed(number) % 16;
  gateway.disk_mb = 8000 + Mixed(number) % 5000;
  gateway.cpus = 1 + machine % 4;
  gateway.boards.assign(machine / 25, "uno");
  gateway.tags["region"] = kRegions[site % 4];
  gateway.tags["site"] = fmt::format("site-{}", site);
  gateway.tags["env"] = site % 10 == 0 ? "staging" : "prod";
  gateway.tags["rack"] = fmt::format("r{}", number % 97);
  gateway.tags["customer"] = fmt::format("customer-{}", number % 1009);
  gateway.tags["installed"] = fmt::format("2024-{:02}-{:02}", number % 12 + 1, number % 28 + 1);
  gateway.tags["modem"] = number % 3 == 0 ? "lte" : "none";
  gateway.tags["contract"] = number % 5 == 0 ? "gold" : "basic";
  gateway.tags["team"] = fmt::format("team-{}", number % 23);
  gateway.tags["phase"] = fmt::format("{}", number % 3);
  gateway.tags["owner"] = fmt::format("owner-{}", number % 311);
}

FleetApplication SampleFleet::Application(const std::string& more_rules) {
  std::string text = "variants:\n";
  for (std::uint32_t v = 0; v < kVariants; ++v) {
    text += fmt::format("  - {{name: v{}, when: '{}', prefer: {}}}\n", v, WhenOf(v), v % 7);
  }
  auto file = ParseFleetFile("bench.yaml", text + kRules + more_rules + "gateways: []\n");
  if (!file) {
    fmt::print(stderr, "{}\n", file.error().message);
    std::abort();
  }
  return std::move(file->applications[0]);
}

}  // namespace motley::bench
