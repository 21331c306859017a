#include "tools/motley/model_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "common/model/graph.h"
#include "common/model/model.h"
#include "tools/motley/table.h"

namespace motley::cli {
namespace {

constexpr std::string_view kGateway = "gateway";

std::string FirstWord(const v1::ProcessSpec& process) {
  if (process.has_artifact()) return process.artifact().name();
  return process.command_size() == 0 ? "" : process.command(0);
}

std::string Subject(const v1::Component& component) {
  switch (component.kind_case()) {
    case v1::Component::kProcess:
      return FirstWord(component.process());
    case v1::Component::kFile:
      return component.file().path();
    case v1::Component::kFirmware:
      return component.firmware().image().name() + " " + component.firmware().version();
    case v1::Component::kContainer:
      return component.container().image();
    case v1::Component::kArchive:
      return component.archive().path();
    case v1::Component::kPackage:
      return component.package().package() + " " + component.package().version();
    case v1::Component::kPlugin:
      return component.plugin().plugin();
    case v1::Component::kScript:
    case v1::Component::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string Trimmed(std::string text) {
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string PortText(const v1::Port& port, std::string_view role) {
  std::string text = fmt::format("{} {}", role, port.name());
  if (port.type() == v1::Port::TYPE_EXECUTION) text += " (execution)";
  if (port.mandatory()) text += " (mandatory)";
  if (port.number() != 0)
    text += fmt::format(" {} {}", port.protocol().empty() ? "tcp" : port.protocol(), port.number());
  for (const v1::Capability& capability : port.capabilities()) text += " [" + CapabilityText(capability) + "]";
  return text;
}

class Topology {
 public:
  Topology(const v1::DeploymentModel& model, const Terminal& terminal) : model_(model), terminal_(terminal) {}

  std::string Render() {
    AddLine(0, terminal_.Paint(Style::kStrong, kGateway));
    AddGuests(std::string(kGateway), 1);
    AddEngines("", 1);
    for (const v1::Host& host : model_.hosts()) {
      if (!host.has_container_engine()) AddHost(host, 0);
    }
    AddLost();
    AddLinks();
    return std::move(text_);
  }

 private:
  void AddLine(int depth, std::string_view line) {
    text_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + std::string(line) + "\n";
  }

  void AddHead(const std::string& name, const std::string& what, int depth) {
    AddLine(depth,
            terminal_.Paint(Style::kStrong, Printable(name)) + "  " + terminal_.Paint(Style::kFaint, Printable(what)));
  }

  template <typename Owner>
  void AddPorts(const Owner& owner, int depth) {
    for (const v1::Port& port : owner.provided_ports()) AddPort(port, "offers", depth);
    for (const v1::Port& port : owner.required_ports()) AddPort(port, "needs", depth);
  }

  /// Where an execution port leads is seen from the tree; what is said of it is not.
  void AddPort(const v1::Port& port, std::string_view role, int depth) {
    if (port.type() == v1::Port::TYPE_EXECUTION && port.capabilities().empty()) return;
    AddLine(depth, Printable(PortText(port, role)));
  }

  void AddHost(const v1::Host& host, int depth) {
    if (!shown_hosts_.insert(&host).second) return;
    AddHead(host.name(), HostText(host), depth);
    AddPorts(host, depth + 1);
    AddGuests(host.name(), depth + 1);
    AddEngines(host.name(), depth + 1);
  }

  /// The container engines that run on a machine.
  void AddEngines(const std::string& machine, int depth) {
    for (const v1::Host& host : model_.hosts()) {
      if (!host.has_container_engine()) continue;
      const std::string& stands_on = host.container_engine().host();
      if ((stands_on == kGateway ? "" : stands_on) == machine) AddHost(host, depth);
    }
  }

  void AddGuests(const std::string& carrier, int depth) {
    for (const v1::Component& component : model_.components()) {
      const std::string host = component.host().empty() ? std::string(kGateway) : component.host();
      if (host == carrier) AddComponent(component, depth);
    }
  }

  void AddComponent(const v1::Component& component, int depth) {
    if (!shown_.insert(&component).second) return;
    AddHead(component.name(), KindText(component), depth);
    AddPorts(component, depth + 1);
    const std::set<std::string> needs = NeedsOf(model_, component);
    std::string names;
    for (const std::string& need : needs) names += (names.empty() ? "" : ", ") + need;
    if (!names.empty()) AddLine(depth + 1, Printable("after " + names));
    AddGuests(component.name(), depth + 1);
  }

  /// Components whose host is not in the model, and those that carry one another: a model that is not sound has them.
  void AddLost() {
    for (const v1::Component& component : model_.components()) {
      if (shown_.contains(&component)) continue;
      AddLine(0, Printable(fmt::format("(on \"{}\", which stands on no host)", component.host())));
      AddComponent(component, 1);
    }
  }

  void AddLinks() {
    if (model_.links_size() == 0) return;
    AddLine(0, "");
    AddLine(0, terminal_.Paint(Style::kStrong, "links"));
    Table table({"", "FROM", "", "TO", "NAME", ""});
    for (const v1::Link& link : model_.links()) {
      std::string how = link.deployer() ? "deployer" : "";
      if (link.follow()) how += how.empty() ? "follow" : ", follow";
      table.AddRow({Cell(""), Cell(link.from()), Cell("->"), Cell(link.to()), Cell(link.name(), Style::kFaint),
                    Cell(how, Style::kFaint)});
    }
    std::string lines = table.Render(terminal_, "");
    text_ += lines.substr(lines.find('\n') + 1);
  }

  const v1::DeploymentModel& model_;
  const Terminal& terminal_;
  std::set<const v1::Component*> shown_;
  std::set<const v1::Host*> shown_hosts_;
  std::string text_;
};

const StepItem& ItemOf(const ModelDifference& difference, const PlannedStep& step) {
  return step.action == PlannedStep::Action::kRemove ? difference.leftovers[step.item] : difference.goal[step.item];
}

/// The wave of each step, from 1: behind those of all that it waits for.
std::vector<std::size_t> WavesOf(const std::vector<PlannedStep>& steps) {
  std::vector<std::size_t> waves(steps.size(), 1);
  // A step may wait for a later one of the list. No chain is longer than the list, even if steps wait for one another.
  bool moved = true;
  for (std::size_t round = 0; moved && round < steps.size(); ++round) {
    moved = false;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      for (const std::size_t before : steps[i].after) {
        if (waves[i] > waves[before] || waves[before] >= steps.size()) continue;
        waves[i] = waves[before] + 1;
        moved = true;
      }
    }
  }
  return waves;
}

}  // namespace

std::string KindText(const v1::Component& component) {
  return Trimmed(fmt::format("{} {}", KindName(component), Subject(component)));
}

std::string HostText(const v1::Host& host) {
  switch (host.host_case()) {
    case v1::Host::kMcu:
      return Trimmed(fmt::format("mcu {} {}", host.mcu().board(), host.mcu().serial_number()));
    case v1::Host::kSsh:
      return fmt::format("ssh {}@{}{}", host.ssh().user(), host.ssh().address(),
                         host.ssh().port() == 0 ? "" : fmt::format(":{}", host.ssh().port()));
    case v1::Host::kContainerEngine:
      return Trimmed("container engine " + host.container_engine().socket());
    case v1::Host::kExternal:
      return Trimmed("external " + host.external().address());
    case v1::Host::HOST_NOT_SET:
      return "host of no type";
  }
  return "";
}

std::string CapabilityText(const v1::Capability& capability) {
  switch (capability.capability_case()) {
    case v1::Capability::kSecurity:
      return capability.security().control_id();
    case v1::Capability::kHardware:
      return Trimmed(fmt::format("{} {}", capability.hardware().path(), capability.hardware().permissions()));
    case v1::Capability::kSoftware:
      return Trimmed(fmt::format("{} {}", capability.name(), capability.software().version()));
    case v1::Capability::CAPABILITY_NOT_SET:
      return capability.name();
  }
  return "";
}

std::string RenderTopology(const v1::DeploymentModel& model, const Terminal& terminal) {
  return Topology(model, terminal).Render();
}

std::string RenderDifference(const ModelDifference& difference, const Terminal& terminal) {
  const std::vector<std::size_t> waves = WavesOf(difference.steps);
  Table table({"WAVE", "STEP", "DO", "COMPONENT", "KIND", "WHY", "AFTER", "UNDO"});
  for (std::size_t i = 0; i < difference.steps.size(); ++i) {
    const PlannedStep& step = difference.steps[i];
    const StepItem& item = ItemOf(difference, step);
    std::string after;
    for (const std::size_t before : step.after) after += (after.empty() ? "" : ", ") + std::to_string(before + 1);
    table.AddRow({std::to_string(waves[i]), std::to_string(i + 1), std::string(ActionName(step.action)), item.key,
                  item.kind, step.reason, after.empty() ? "-" : after, std::string(UndoText(step.action, item.found))});
  }
  return table.Render(terminal, "0 steps: both say the same");
}

std::string DifferenceJson(const ModelDifference& difference) {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (const PlannedStep& step : difference.steps) {
    const StepItem& item = ItemOf(difference, step);
    steps.push_back({{"action", ActionName(step.action)},
                     {"component", item.key},
                     {"kind", item.kind},
                     {"reason", step.reason},
                     {"after", step.after},
                     {"undo", UndoText(step.action, item.found)}});
  }
  const nlohmann::ordered_json json{{"steps", std::move(steps)}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace motley::cli
