#include <map>
#include <tuple>

#include "common/model/inspection.h"
#include "common/model/text_forms.h"

namespace motley {
namespace {

/// The port numbers of all machines, and who uses them.
class PortTable {
 public:
  explicit PortTable(const ModelIndex& index) : index_(index) {}

  void Add(int component, const std::string& machine, std::uint32_t number, const std::string& protocol,
           const std::string& address, Problems& problems) {
    const bool is_any = address.empty() || address == "0.0.0.0" || address == "::";
    const std::string_view kind = protocol == "udp" ? "udp" : "tcp";
    const int other = ports_[{machine, number, kind}].Add(component, is_any ? "" : address);
    if (other == ModelIndex::kNone) return;
    problems.Add(Place(index_.model().components(component)),
                 "uses port " + std::to_string(number) + "/" + std::string(kind) + " of " +
                     (machine == kGateway ? "the gateway" : "host \"" + machine + "\"") + ", as " +
                     Place(index_.model().components(other)) + " does; give one of them another number");
  }

 private:
  /// Of one port.
  class Users {
   public:
    /// Another component that is at this address already, at all of them, or, where this is all, at any.
    int Add(int component, const std::string& address) {
      const int first_here = by_address_.try_emplace(address, component).first->second;
      const auto all = by_address_.find("");
      int other = address.empty() ? (first_ != component ? first_ : second_) : ModelIndex::kNone;
      if (all != by_address_.end() && all->second != component) other = all->second;
      if (first_here != component) other = first_here;
      if (first_ == ModelIndex::kNone) first_ = component;
      if (first_ != component && second_ == ModelIndex::kNone) second_ = component;
      return other;
    }

   private:
    std::map<std::string, int> by_address_;
    /// Two different ones.
    int first_ = ModelIndex::kNone;
    int second_ = ModelIndex::kNone;
  };

  const ModelIndex& index_;
  std::map<std::tuple<std::string, std::uint32_t, std::string_view>, Users> ports_;
};

void InspectPortNumbers(const ModelIndex& index, Problems& problems) {
  PortTable table(index);
  for (int i = 0; i < index.model().components_size(); ++i) {
    const v1::Component& component = index.model().components(i);
    const std::string machine = index.MachineOf(i);
    if (machine.empty()) continue;
    for (const v1::Port& port : component.provided_ports()) {
      if (port.number() == 0 || port.type() == v1::Port::TYPE_EXECUTION) continue;
      // A binding of this number says more about it.
      bool bound = false;
      for (const v1::PortBinding& binding : component.container().ports()) {
        bound = bound ||
                (binding.host_port() == port.number() && (binding.protocol() == "udp") == (port.protocol() == "udp"));
      }
      if (!bound) table.Add(i, machine, port.number(), port.protocol(), "", problems);
    }
    for (const v1::PortBinding& binding : component.container().ports()) {
      table.Add(i, machine, binding.host_port(), binding.protocol(), binding.host_address(), problems);
    }
  }
}

struct PathOwner {
  int component;
  bool is_folder;
};

/// Sorted by machine, then path.
using Paths = std::map<std::pair<std::string, std::string>, PathOwner>;

Paths CollectPaths(const ModelIndex& index, Problems& problems) {
  Paths paths;
  for (int i = 0; i < index.model().components_size(); ++i) {
    const v1::Component& component = index.model().components(i);
    const bool is_folder = component.has_archive();
    const std::string& path = is_folder ? component.archive().path() : component.file().path();
    const std::string machine = index.MachineOf(i);
    if (machine.empty() || !IsNormalisedPath(path)) continue;
    const auto [owner, fresh] = paths.emplace(std::pair(machine, path), PathOwner{i, is_folder});
    if (fresh) continue;
    problems.Add(Place(component), "wants the path " + path + ", as " +
                                       Place(index.model().components(owner->second.component)) +
                                       " does; give one of them another path");
  }
  return paths;
}

void InspectPaths(const ModelIndex& index, Problems& problems) {
  const Paths paths = CollectPaths(index, problems);
  for (const auto& [where, owner] : paths) {
    const auto& [machine, path] = where;
    for (auto slash = path.rfind('/'); slash != 0; slash = path.rfind('/', slash - 1)) {
      const auto above = paths.find({machine, path.substr(0, slash)});
      if (above == paths.end()) continue;
      problems.Add(Place(index.model().components(owner.component)),
                   "wants the path " + path + ", which is below " + above->first.second + ", a " +
                       (above->second.is_folder ? "folder" : "file") + " that belongs to " +
                       Place(index.model().components(above->second.component)) + "; choose a path outside it");
      break;
    }
  }
}

void InspectBoards(const ModelIndex& index, Problems& problems) {
  std::map<std::string_view, std::string_view> boards;
  for (const v1::Component& component : index.model().components()) {
    if (!component.has_firmware()) continue;
    const auto [owner, fresh] = boards.emplace(component.host(), component.name());
    if (fresh) continue;
    problems.Add(Place(component), "is on host \"" + component.host() + "\", as \"" + std::string(owner->second) +
                                       "\" is; a board runs one firmware");
  }
}

}  // namespace

void InspectSharing(const ModelIndex& index, Problems& problems) {
  InspectPortNumbers(index, problems);
  InspectPaths(index, problems);
  InspectBoards(index, problems);
}

}  // namespace motley
