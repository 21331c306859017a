#include "common/assign/divenact.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace motley::assign {
namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;

constexpr std::int32_t kStaging = 0;
constexpr std::int32_t kProduction = 1;

/// What a gateway must offer.
struct Deployment {
  std::string version;
  std::string accelerator;
  std::string module;
  int communication = 0;
  int computation = 0;
};

struct Device {
  std::string environment;
  std::string network;
  std::string power;
  std::string accelerator;

  bool operator<(const Device& other) const {
    return std::tie(environment, network, power, accelerator) <
           std::tie(other.environment, other.network, other.power, other.accelerator);
  }
};

bool MayRun(const Deployment& deployment, const Device& device, int communication, int computation) {
  if (deployment.version == "development" && device.environment != "staging") return false;
  if (device.network == "3g" && communication >= 2) return false;
  if (communication == 3 && device.network != "wifi") return false;
  if (computation == 3 && device.power != "fixed") return false;
  return device.power != "battery" || (communication == 1 && computation == 1);
}

/// Whether some choice of where the module runs, and of acceleration, makes the deployment fit.
bool Fits(const Deployment& deployment, const Device& device) {
  const bool flexible = deployment.module == "flexible";
  for (const bool at_edge : {false, true}) {
    if (at_edge ? deployment.module == "cloud" : deployment.module == "edge") continue;
    for (const bool accelerated : {false, true}) {
      if (accelerated &&
          (!at_edge || device.accelerator == "acc_none" || device.accelerator != deployment.accelerator)) {
        continue;
      }
      const int communication = deployment.communication - (flexible && at_edge ? 1 : 0);
      const int computation = deployment.computation - ((flexible && !at_edge) || accelerated ? 1 : 0);
      if (MayRun(deployment, device, communication, computation)) return true;
    }
  }
  return false;
}

Error At(const YAML::Node& node, const std::string& what) {
  return {Code::kInvalid, what + " (line " + std::to_string(node.Mark().line + 1) + ")"};
}

Result<std::string> Field(const YAML::Node& entry, const std::string& name, const char* key) {
  const YAML::Node value = entry.IsMap() ? entry[key] : YAML::Node();
  if (!value || !value.IsScalar()) return At(entry, "\"" + name + "\": the field \"" + key + "\" is missing; add it");
  return value.Scalar();
}

template <std::size_t N>
Result<std::string> Field(const YAML::Node& entry, const std::string& name, const char* key,
                          const std::array<std::string_view, N>& known) {
  TRY_ASSIGN(std::string value, Field(entry, name, key));
  if (std::find(known.begin(), known.end(), value) != known.end()) return value;
  std::string list;
  for (const std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
  return At(entry, "\"" + name + "\": " + key + " is \"" + value + "\"; it must be one of " + list);
}

constexpr std::array<std::string_view, 3> kLevels{"1", "2", "3"};
constexpr std::array<std::string_view, 3> kVersions{"release", "preview", "development"};
constexpr std::array<std::string_view, 3> kModules{"edge", "cloud", "flexible"};
constexpr std::array<std::string_view, 2> kEnvironments{"staging", "production"};
constexpr std::array<std::string_view, 3> kNetworks{"wifi", "4g", "3g"};
constexpr std::array<std::string_view, 3> kPowers{"fixed", "ac", "battery"};

Result<Deployment> ReadDeployment(const YAML::Node& entry, const std::string& name) {
  Deployment deployment;
  TRY_ASSIGN(deployment.version, Field(entry, name, "vsn", kVersions));
  TRY_ASSIGN(deployment.module, Field(entry, name, "intlmodule", kModules));
  TRY_ASSIGN(deployment.accelerator, Field(entry, name, "dp_acc"));
  TRY_ASSIGN(const std::string communication, Field(entry, name, "comm_lvl", kLevels));
  TRY_ASSIGN(const std::string computation, Field(entry, name, "compu_lvl", kLevels));
  deployment.communication = communication[0] - '0';
  deployment.computation = computation[0] - '0';
  return deployment;
}

Result<Device> ReadDevice(const YAML::Node& entry, const std::string& name) {
  Device device;
  TRY_ASSIGN(device.environment, Field(entry, name, "env", kEnvironments));
  TRY_ASSIGN(device.network, Field(entry, name, "network", kNetworks));
  TRY_ASSIGN(device.power, Field(entry, name, "powersource", kPowers));
  TRY_ASSIGN(device.accelerator, Field(entry, name, "dv_acc"));
  return device;
}

/// DivEnact's soft rules, with its weights.
void AddRules(const std::vector<Deployment>& deployments, std::int64_t gateways, std::int64_t production,
              Problem& problem) {
  problem.rules.push_back({.name = "coverage", .weight = 200, .what = Coverage{0}});
  problem.rules.push_back({.name = "different on staging",
                           .weight = 50,
                           .selector = kStaging,
                           .charge = Charge::kOnce,
                           .what = Distinct{0, WithoutVariant::kEqual}});
  for (std::size_t i = 0; i < deployments.size(); ++i) {
    const auto variant = static_cast<std::int32_t>(i);
    const std::string& name = problem.variants[i].name;
    const auto add = [&](const std::string& what, std::int64_t weight, std::int32_t selector, Comparison comparison,
                         std::int64_t amount) {
      problem.rules.push_back({.name = what + " " + name,
                               .weight = weight,
                               .selector = selector,
                               .charge = Charge::kOnce,
                               .what = Count{comparison, amount, Unit::kGateways, {variant}}});
    };
    if (deployments[i].version == "development") add("somewhere", 30, kNone, Comparison::kAtLeast, 1);
    if (deployments[i].version == "preview") add("preview", 40, kProduction, Comparison::kExactly, production / 5 + 1);
    const std::int64_t share = 3 * gateways / (4 * static_cast<std::int64_t>(deployments.size()));
    add("diversity", 1, kNone, Comparison::kAtLeast, share + 1);
  }
}

/// The entries of the map `key` of the root. Where a key stands twice the last one counts, as in DivEnact's own loader.
Result<std::vector<std::pair<std::string, YAML::Node>>> Section(const YAML::Node& root, const std::string& key) {
  std::vector<std::pair<std::string, YAML::Node>> entries;
  YAML::Node section;
  for (const auto& part : root) {
    if (part.first.Scalar() == key) section.reset(part.second);
  }
  if (!section.IsMap()) return Error{Code::kInvalid, "no DivEnact fleet: the map \"" + key + "\" is missing; add it"};
  std::map<std::string, std::size_t> places;
  for (const auto& entry : section) {
    const auto [place, is_new] = places.try_emplace(entry.first.Scalar(), entries.size());
    if (is_new) {
      entries.emplace_back(place->first, entry.second);
    } else {
      entries[place->second].second.reset(entry.second);
    }
  }
  return entries;
}

Result<DivEnactFleet> Read(const YAML::Node& root) {
  if (!root.IsMap()) return Error{Code::kInvalid, "no DivEnact fleet: it must be a map"};
  DivEnactFleet fleet;
  fleet.problem.applications = {{.name = "divenact"}};
  std::vector<Deployment> deployments;
  TRY_ASSIGN(const auto deployment_entries, Section(root, "deployments"));
  for (const auto& [name, entry] : deployment_entries) {
    TRY_ASSIGN(Deployment deployment, ReadDeployment(entry, name));
    deployments.push_back(std::move(deployment));
    fleet.problem.variants.push_back({.name = name});
  }
  std::map<Device, std::vector<std::string>> classes;
  TRY_ASSIGN(const auto device_entries, Section(root, "devices"));
  for (const auto& [name, entry] : device_entries) {
    TRY_ASSIGN(const Device device, ReadDevice(entry, name));
    classes[device].push_back(name);
  }
  std::int64_t gateways = 0;
  std::int64_t production = 0;
  for (auto& [device, names] : classes) {
    const auto count = static_cast<std::int64_t>(names.size());
    gateways += count;
    const bool is_production = device.environment == "production";
    if (is_production) production += count;
    GatewayClass added{
        .name = device.environment + " " + device.network + " " + device.power + " " + device.accelerator,
        .count = count,
        .member = {!is_production, is_production}};
    for (std::size_t i = 0; i < deployments.size(); ++i) {
      if (Fits(deployments[i], device)) added.options.push_back({static_cast<std::int32_t>(i), 0});
    }
    fleet.problem.classes.push_back(std::move(added));
    fleet.gateways.push_back(std::move(names));
  }
  AddRules(deployments, gateways, production, fleet.problem);
  return fleet;
}

}  // namespace

Result<DivEnactFleet> ReadDivEnact(std::string_view yaml) {
  if (yaml.size() > kMaxText) {
    return Error{Code::kInvalid, "the fleet has " + std::to_string(yaml.size()) + " bytes; at most " +
                                     std::to_string(kMaxText) + " are read"};
  }
  try {
    return Read(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    return Error{Code::kInvalid, "the fleet is no YAML: " + std::string(error.what())};
  }
}

}  // namespace motley::assign
