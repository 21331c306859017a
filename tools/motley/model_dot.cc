#include "tools/motley/model_dot.h"

#include <fmt/format.h>

#include <set>

#include "common/model/graph.h"
#include "tools/motley/model_text.h"

namespace motley::cli {
namespace {

constexpr std::string_view kGateway = "gateway";

/// In quotes, with what would end them escaped.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : Printable(text)) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + "\"";
}

/// A label of two lines.
std::string Label(std::string_view name, std::string_view what) {
  std::string label = Quoted(name);
  label.pop_back();
  const std::string second = Quoted(what);
  return label + "\\n" + second.substr(1);
}

std::string PortLabel(const v1::DeploymentModel& model, const std::string& reference) {
  const auto [owner, name] = SplitPortReference(reference);
  const auto find = [&](const auto& ports) {
    std::string label;
    for (const v1::Port& port : ports) {
      if (port.name() != name) continue;
      if (port.number() != 0) label += fmt::format(" {}", port.number());
      for (const v1::Capability& capability : port.capabilities()) label += " [" + CapabilityText(capability) + "]";
    }
    return label;
  };
  if (const v1::Component* component = FindComponent(model, owner)) {
    return find(component->provided_ports()) + find(component->required_ports());
  }
  if (const v1::Host* host = FindHost(model, owner)) return find(host->provided_ports()) + find(host->required_ports());
  return "";
}

class Graph {
 public:
  explicit Graph(const v1::DeploymentModel& model) : model_(model) {}

  std::string Render() {
    text_ =
        "digraph model {\n"
        "  graph [compound=true, rankdir=LR, fontname=\"sans-serif\", nodesep=0.4, ranksep=0.9];\n"
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n"
        "  edge [fontname=\"sans-serif\", fontsize=10];\n";
    AddGateway();
    for (const v1::Host& host : model_.hosts()) {
      if (!host.has_container_engine()) AddHost(host, 1);
    }
    for (const v1::Component& component : model_.components()) AddComponent(component, 1);
    AddLinks();
    AddDependencies();
    return std::move(text_) + "}\n";
  }

 private:
  void AddLine(int depth, std::string_view line) {
    text_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + std::string(line) + "\n";
  }

  void Open(const std::string& name, const std::string& label, int depth) {
    AddLine(depth, fmt::format("subgraph {} {{", Quoted("cluster " + name)));
    AddLine(depth + 1, fmt::format("label={}; style=\"rounded,filled\"; fillcolor=\"{}\";", label,
                                   depth % 2 == 1 ? "#f0f0f0" : "#e0e8f0"));
    // Keeps the cluster when nothing is in it, and is the end of what links the host itself.
    AddLine(depth + 1, fmt::format("{} [shape=point, style=invis];", Quoted("anchor " + name)));
    clusters_.insert(name);
  }

  void AddGateway() {
    bool used = false;
    for (const v1::Component& component : model_.components()) {
      used |= component.host().empty() || component.host() == kGateway;
    }
    for (const v1::Host& host : model_.hosts()) used |= host.has_container_engine() && IsOnGateway(host);
    if (!used) return;
    Open(std::string(kGateway), Quoted(kGateway), 1);
    AddInside(std::string(kGateway), 2);
    AddLine(1, "}");
  }

  static bool IsOnGateway(const v1::Host& engine) {
    return engine.container_engine().host().empty() || engine.container_engine().host() == kGateway;
  }

  void AddHost(const v1::Host& host, int depth) {
    if (!shown_hosts_.insert(&host).second) return;
    if (host.has_external()) {
      return AddLine(depth, fmt::format("{} [label={}, shape=ellipse, fillcolor=\"#fff4e0\"];", Quoted(host.name()),
                                        Label(host.name(), HostText(host))));
    }
    Open(host.name(), Label(host.name(), HostText(host)), depth);
    AddInside(host.name(), depth + 1);
    AddLine(depth, "}");
  }

  /// Engines and components that stand on `carrier`.
  void AddInside(const std::string& carrier, int depth) {
    for (const v1::Host& host : model_.hosts()) {
      if (!host.has_container_engine()) continue;
      if ((IsOnGateway(host) ? kGateway : host.container_engine().host()) == carrier) AddHost(host, depth);
    }
    for (const v1::Component& component : model_.components()) {
      if ((component.host().empty() ? kGateway : component.host()) == carrier) AddComponent(component, depth);
    }
  }

  void AddComponent(const v1::Component& component, int depth) {
    if (!shown_.insert(&component).second) return;
    bool carries = false;
    for (const v1::Component& other : model_.components()) carries |= other.host() == component.name();
    if (carries) Open(component.name(), Quoted(component.name()), depth);
    AddLine(depth + (carries ? 1 : 0),
            fmt::format("{} [label={}];", Quoted(component.name()), Label(component.name(), KindText(component))));
    if (!carries) return;
    AddInside(component.name(), depth + 1);
    AddLine(depth, "}");
  }

  /// The node of a component or external host, the anchor of another host.
  std::string NodeOf(const std::string& owner) const {
    const bool anchored = FindComponent(model_, owner) == nullptr && clusters_.contains(owner);
    return Quoted(anchored ? "anchor " + owner : owner);
  }

  void AddLinks() {
    for (const v1::Link& link : model_.links()) {
      const std::string from = SplitPortReference(link.from()).first;
      const std::string to = SplitPortReference(link.to()).first;
      std::string style = link.deployer() ? ", style=dashed" : "";
      if (link.follow()) style += ", arrowhead=normalnormal";
      const std::string ends = PortLabel(model_, link.from());
      AddLine(1, fmt::format("{} -> {} [label={}{}];", NodeOf(from), NodeOf(to),
                             ends.empty() ? Quoted(link.name()) : Label(link.name(), ends), style));
    }
  }

  void AddDependencies() {
    for (const v1::Component& component : model_.components()) {
      std::set<std::string> names(component.depends_on().begin(), component.depends_on().end());
      names.insert(component.follows().begin(), component.follows().end());
      for (const std::string& name : names) {
        AddLine(1, fmt::format("{} -> {} [style=dotted, arrowhead=open];", NodeOf(component.name()), NodeOf(name)));
      }
    }
  }

  const v1::DeploymentModel& model_;
  std::set<const v1::Component*> shown_;
  std::set<const v1::Host*> shown_hosts_;
  std::set<std::string> clusters_;
  std::string text_;
};

}  // namespace

std::string RenderDot(const v1::DeploymentModel& model) { return Graph(model).Render(); }

}  // namespace motley::cli
