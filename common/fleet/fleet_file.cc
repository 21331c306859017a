#include "common/fleet/fleet_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "common/fleet/release_application.h"

namespace motley {
namespace {

constexpr std::int64_t kMaxPreference = 1'000'000;
constexpr std::int64_t kMaxMegabytes = 1'000'000'000'000;
constexpr std::int64_t kMaxBoards = 255;
constexpr std::int64_t kMaxPort = 65535;
constexpr std::size_t kMaxNameBytes = 63;
constexpr char kNameRule[] = "use letters, digits, '.', '_' and '-', at most 63";

// Wider than the names of a release: what other tools call a variant is to be readable too.
bool IsFleetName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

// Without it the cheapest would be that nobody runs anything.
FleetRule ImpliedCoverage() {
  assign::Rule rule{.name = std::string(kImpliedCoverageName), .weight = kImpliedCoverage};
  rule.what = assign::Coverage{};
  return {std::move(rule), std::nullopt, std::nullopt};
}

/// One pass over a fleet file.
class FleetParser {
 public:
  explicit FleetParser(const YamlFile& file) : file_(file) {}

  Result<FleetFile> Parse() {
    FleetApplication only{.name = "application"};
    Parts parts;
    TRY(file_.EachEntry(file_.root(), "fleet",
                        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                          return TopLevel(key, key_node, value, only, parts);
                        }));
    if (parts.variants) {
      if (applications_) {
        return file_.At(parts.variants, "variants: there are applications too; put the variants into one of them");
      }
      TRY(Finish(file_.root(), parts, only));
      fleet_.applications.push_back(std::move(only));
    } else if (applications_) {
      if (parts.rules) return file_.At(parts.rules, "rules: put them into one of the applications");
      TRY(file_.EachItem(applications_, "applications",
                         [&](const YAML::Node& application) { return Application(application); }));
    }
    if (fleet_.applications.empty()) {
      return file_.At(file_.root(), "variants are missing; list what gateways can run");
    }
    if (gateways_ && fleet_.gateways_file) {
      return file_.At(gateways_, "gateways: there is a gateways_file too; leave one of them out");
    }
    if (!gateways_ && !fleet_.gateways_file) {
      return file_.At(file_.root(), "gateways are missing; list them, or name their list with gateways_file");
    }
    if (gateways_) {
      TRY(file_.EachItem(gateways_, "gateways", [&](const YAML::Node& gateway) { return Gateway(gateway); }));
    }
    return std::move(fleet_);
  }

 private:
  /// Of one application; read in this order, wherever they stand.
  struct Parts {
    YAML::Node variants{YAML::NodeType::Undefined};
    YAML::Node rules{YAML::NodeType::Undefined};
  };

  Result<void> TopLevel(const std::string& key, const YAML::Node& key_node, const YAML::Node& value,
                        FleetApplication& only, Parts& parts) {
    if (key == "applications") {
      applications_.reset(value);
      return {};
    }
    if (key == "gateways") {
      gateways_.reset(value);
      return {};
    }
    if (key == "gateways_file") {
      TRY_ASSIGN(std::string path, file_.Text(value, key));
      if (path.empty()) return file_.At(value, "gateways_file: name a file, such as gateways.csv");
      fleet_.gateways_file = FleetFile::GatewaysFile{std::move(path), value.Mark().line + 1};
      return {};
    }
    return ApplicationKey(key, key_node, value, only, parts, "fleet");
  }

  Result<void> Application(const YAML::Node& node) {
    FleetApplication application;
    Parts parts;
    TRY(file_.EachEntry(node, "application",
                        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                          return ApplicationKey(key, key_node, value, application, parts, "application");
                        }));
    if (application.name.empty()) return file_.At(node, "application: its name is missing; write application: NAME");
    for (const FleetApplication& other : fleet_.applications) {
      if (other.name != application.name) continue;
      return file_.At(node, fmt::format("application \"{}\" is there twice", application.name));
    }
    TRY(Finish(node, parts, application));
    fleet_.applications.push_back(std::move(application));
    return {};
  }

  Result<void> ApplicationKey(const std::string& key, const YAML::Node& key_node, const YAML::Node& value,
                              FleetApplication& application, Parts& parts, std::string_view what) {
    if (key == "application") {
      TRY_ASSIGN(application.name, Name(value, key));
      return {};
    }
    if (key == "priority") {
      TRY_ASSIGN(application.priority, Number(value, key, 1, assign::kMaxWeight));
      return {};
    }
    if (key == "variants") {
      parts.variants.reset(value);
      return {};
    }
    if (key == "rules") {
      parts.rules.reset(value);
      return {};
    }
    std::vector<std::string_view> known = {"application", "priority", "variants", "rules"};
    if (what == "fleet") known.insert(known.end(), {"applications", "gateways", "gateways_file"});
    return file_.UnknownKey(key_node, key, what, known);
  }

  Result<void> Finish(const YAML::Node& node, const Parts& parts, FleetApplication& application) {
    if (!parts.variants) {
      return file_.At(node, fmt::format("application \"{}\": variants are missing", application.name));
    }
    TRY(file_.EachItem(parts.variants, "variants",
                       [&](const YAML::Node& variant) { return Variant(variant, application); }));
    if (application.variants.empty()) return file_.At(parts.variants, "variants: list at least one");
    if (application.variants.size() > FleetProblem::kMaxVariants) {
      return file_.At(parts.variants, fmt::format("variants: over the limit of {}", FleetProblem::kMaxVariants));
    }
    if (parts.rules) {
      std::vector<std::string> names;
      for (const FleetVariant& variant : application.variants) names.push_back(variant.name);
      TRY_ASSIGN(application.rules, ParseRules(file_, parts.rules, names));
    }
    const bool has_coverage =
        std::any_of(application.rules.begin(), application.rules.end(),
                    [](const FleetRule& rule) { return std::holds_alternative<assign::Coverage>(rule.rule.what); });
    if (!has_coverage) application.rules.push_back(ImpliedCoverage());
    return {};
  }

  Result<void> Variant(const YAML::Node& node, FleetApplication& application) {
    TRY_ASSIGN(Selector everybody, Selector::Parse(""));
    FleetVariant variant{.name = "", .when = std::move(everybody)};
    TRY(file_.EachEntry(node, "variant",
                        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                          return VariantKey(key, key_node, value, variant);
                        }));
    if (variant.name.empty()) return file_.At(node, "variant: its name is missing");
    for (const FleetVariant& other : application.variants) {
      if (other.name == variant.name) return file_.At(node, fmt::format("variant \"{}\" is there twice", other.name));
    }
    application.variants.push_back(std::move(variant));
    return {};
  }

  Result<void> VariantKey(const std::string& key, const YAML::Node& key_node, const YAML::Node& value,
                          FleetVariant& variant) {
    const std::string what = fmt::format("variant \"{}\": {}", variant.name, key);
    if (key == "name") {
      TRY_ASSIGN(variant.name, Name(value, "variant: name"));
    } else if (key == "when") {
      TRY_ASSIGN(const std::string text, file_.Text(value, what));
      auto when = Selector::Parse(text);
      if (!when) return file_.At(value, what + ": " + when.error().message);
      variant.when = *std::move(when);
    } else if (key == "prefer") {
      TRY_ASSIGN(variant.prefer, Number(value, what, -kMaxPreference, kMaxPreference));
    } else if (key == "demands") {
      return file_.EachEntry(value, what,
                             [&](const std::string& demand, const YAML::Node& demand_node, const YAML::Node& amount) {
                               return Demand(demand, demand_node, amount, what, variant.demands);
                             });
    } else {
      return file_.UnknownKey(key_node, key, "variant", {"name", "when", "prefer", "demands"});
    }
    return {};
  }

  Result<void> Demand(const std::string& key, const YAML::Node& key_node, const YAML::Node& value,
                      const std::string& within, Demands& demands) {
    const std::string what = within + "." + key;
    if (key == "memory_mb" || key == "disk_mb") {
      TRY_ASSIGN(const std::int64_t amount, Number(value, what, 0, kMaxMegabytes));
      (key == "memory_mb" ? demands.memory_mb : demands.disk_mb) = static_cast<std::uint64_t>(amount);
      return {};
    }
    if (key == "ports") {
      return file_.EachItem(value, what, [&](const YAML::Node& item) -> Result<void> {
        TRY_ASSIGN(const std::int64_t port, Number(item, what, 1, kMaxPort));
        demands.ports.insert(static_cast<std::uint16_t>(port));
        return {};
      });
    }
    if (key == "boards") {
      return file_.EachItem(value, what, [&](const YAML::Node& item) -> Result<void> {
        TRY_ASSIGN(const std::string type, file_.Text(item, what));
        if (++demands.boards[type] > kMaxBoards) {
          return file_.At(item, fmt::format("{}: over the limit of {} of a type", what, kMaxBoards));
        }
        return {};
      });
    }
    return file_.UnknownKey(key_node, key, within, {"memory_mb", "disk_mb", "boards", "ports"});
  }

  Result<void> Gateway(const YAML::Node& node) {
    ListedGateway gateway;
    gateway.line = node.Mark().line + 1;
    TRY(file_.EachEntry(
        node, "gateway",
        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
          if (key == "boards" || key == "kinds") {
            return file_.EachItem(value, key, [&](const YAML::Node& item) -> Result<void> {
              TRY_ASSIGN(std::string text, file_.Text(item, key));
              (key == "boards" ? gateway.attributes.boards : gateway.attributes.kinds).push_back(std::move(text));
              return {};
            });
          }
          if ((key == "tags" || key == "runs") && !value.IsScalar()) {
            return file_.EachEntry(value, key,
                                   [&](const std::string& inner, const YAML::Node& inner_node, const YAML::Node& text) {
                                     return Field(key + "." + inner, inner_node, text, gateway);
                                   });
          }
          return Field(key, key_node, value, gateway);
        }));
    if (gateway.attributes.gateway.empty()) return file_.At(node, "gateway: its name is missing; write gateway: NAME");
    fleet_.gateways.push_back(std::move(gateway));
    return {};
  }

  Result<void> Field(const std::string& name, const YAML::Node& name_node, const YAML::Node& value,
                     ListedGateway& gateway) {
    TRY_ASSIGN(const std::string text, file_.Text(value, name));
    const Result<void> set = SetField(gateway, name, text);
    if (set) return {};
    return file_.At(name_node, fmt::format("gateway \"{}\": {}", gateway.attributes.gateway, set.error().message));
  }

  Result<std::string> Name(const YAML::Node& node, std::string_view what) {
    TRY_ASSIGN(std::string name, file_.Text(node, what));
    if (!IsFleetName(name)) return file_.At(node, fmt::format("{}: \"{}\" is not a name; {}", what, name, kNameRule));
    return name;
  }

  Result<std::int64_t> Number(const YAML::Node& node, std::string_view what, std::int64_t least, std::int64_t most) {
    TRY_ASSIGN(const std::string text, file_.Text(node, what));
    return file_.Integer(node, text, what, least, most);
  }

  const YamlFile& file_;
  FleetFile fleet_;
  YAML::Node applications_{YAML::NodeType::Undefined};
  YAML::Node gateways_{YAML::NodeType::Undefined};
};

}  // namespace

Result<FleetFile> ParseFleetFile(const std::string& name, const std::string& text) {
  TRY_ASSIGN(const YamlFile file, YamlFile::Parse(name, text));
  return file.Guarded<FleetFile>([&] { return FleetParser(file).Parse(); });
}

}  // namespace motley
