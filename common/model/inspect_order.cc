#include <algorithm>
#include <unordered_set>

#include "common/model/graph.h"
#include "common/model/inspection.h"

namespace motley {
namespace {

/// What each component needs, as NeedsOf says for one, but for all in one pass over the model, and with a component
/// that waits for itself.
class Needs {
 public:
  explicit Needs(const ModelIndex& index) : index_(index), needs_(index.model().components_size()) {
    const v1::DeploymentModel& model = index.model();
    for (int i = 0; i < model.components_size(); ++i) {
      for (const std::string& name : model.components(i).depends_on()) Add(i, index.FindComponent(name));
      for (const std::string& name : model.components(i).follows()) Add(i, index.FindComponent(name));
      Add(i, index.CarrierOf(i));
    }
    std::unordered_set<std::string> mandatory;
    for (const v1::Component& component : model.components()) {
      for (const v1::Port& port : component.required_ports()) {
        if (port.mandatory()) mandatory.insert(component.name() + "/" + port.name());
      }
    }
    for (const v1::Link& link : model.links()) AddLink(link, mandatory.contains(link.to()));
  }

  const std::vector<std::vector<int>>& all() const { return needs_; }

 private:
  void Add(int component, int need) {
    if (component != ModelIndex::kNone && need != ModelIndex::kNone) {
      needs_[static_cast<std::size_t>(component)].push_back(need);
    }
  }

  void AddLink(const v1::Link& link, bool mandatory) {
    if (!link.follow() && !mandatory) return;
    const int user = index_.FindComponent(SplitPortReference(link.to()).first);
    const int provider = index_.FindComponent(SplitPortReference(link.from()).first);
    if (provider != user) Add(user, provider);
  }

  const ModelIndex& index_;
  std::vector<std::vector<int>> needs_;
};

/// Depth first, with a stack of its own: needs may be as deep as the model is large.
class CycleSearch {
 public:
  explicit CycleSearch(const std::vector<std::vector<int>>& needs)
      : needs_(needs), states_(needs.size(), State::kNew), reported_(needs.size(), false) {}

  /// Cycles that share no component, each in the order in which its members wait for the next.
  std::vector<std::vector<int>> Find() {
    for (std::size_t start = 0; start < needs_.size(); ++start) {
      if (states_[start] == State::kNew) Visit(static_cast<int>(start));
    }
    return std::move(cycles_);
  }

 private:
  enum class State { kNew, kOpen, kDone };
  struct Step {
    int component;
    std::size_t next = 0;
  };

  void Visit(int start) {
    std::vector<Step> path;
    path.push_back({start});
    states_[static_cast<std::size_t>(start)] = State::kOpen;
    while (!path.empty()) {
      Step& step = path.back();
      const std::vector<int>& needs = needs_[static_cast<std::size_t>(step.component)];
      if (step.next == needs.size()) {
        states_[static_cast<std::size_t>(step.component)] = State::kDone;
        path.pop_back();
        continue;
      }
      const int need = needs[step.next++];
      State& state = states_[static_cast<std::size_t>(need)];
      if (state == State::kOpen) Close(path, need);
      if (state == State::kNew) {
        state = State::kOpen;
        path.push_back({need});
      }
    }
  }

  void Close(const std::vector<Step>& path, int first) {
    const auto begin =
        std::find_if(path.begin(), path.end(), [first](const Step& step) { return step.component == first; });
    const bool known = std::any_of(
        begin, path.end(), [this](const Step& step) { return reported_[static_cast<std::size_t>(step.component)]; });
    if (known) return;
    std::vector<int> cycle;
    for (auto step = begin; step != path.end(); ++step) {
      reported_[static_cast<std::size_t>(step->component)] = true;
      cycle.push_back(step->component);
    }
    cycles_.push_back(std::move(cycle));
  }

  const std::vector<std::vector<int>>& needs_;
  std::vector<State> states_;
  std::vector<bool> reported_;
  std::vector<std::vector<int>> cycles_;
};

void InspectNamed(const ModelIndex& index, const v1::Component& component,
                  const google::protobuf::RepeatedPtrField<std::string>& names, const char* verb, Problems& problems) {
  for (const std::string& name : names) {
    if (index.FindComponent(name) != ModelIndex::kNone) continue;
    const char* reason = index.FindHost(name) == nullptr ? "which is not in the model; add it, or remove the name"
                                                         : "which is a host; name components only";
    problems.Add(Place(component), std::string(verb) + " \"" + name + "\", " + reason);
  }
}

}  // namespace

void InspectOrder(const ModelIndex& index, Problems& problems) {
  for (const v1::Component& component : index.model().components()) {
    InspectNamed(index, component, component.depends_on(), "depends on", problems);
    InspectNamed(index, component, component.follows(), "follows", problems);
  }
  for (const std::vector<int>& cycle : CycleSearch(Needs(index).all()).Find()) {
    std::string names;
    for (const int component : cycle) names += index.model().components(component).name() + " -> ";
    names += index.model().components(cycle.front()).name();
    problems.Add(Place(index.model().components(cycle.front())),
                 "is one of components that wait for one another: " + names +
                     "; remove one of these from depends_on, follows, host or links");
  }
}

}  // namespace motley
