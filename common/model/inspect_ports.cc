#include <algorithm>
#include <set>
#include <unordered_map>

#include "common/model/graph.h"
#include "common/model/inspection.h"
#include "common/model/model.h"
#include "common/model/text_forms.h"

namespace motley {
namespace {

using Ports = google::protobuf::RepeatedPtrField<v1::Port>;

constexpr std::uint32_t kMaxPort = 65535;

bool IsExecution(const v1::Port& port) { return port.type() == v1::Port::TYPE_EXECUTION; }

/// "software \"python\" 3.11"
std::string TextOf(const v1::Capability& capability) {
  std::string text = capability.has_security() ? "security" : capability.has_hardware() ? "hardware" : "software";
  text += " \"" + capability.name() + "\"";
  const auto add = [&text](const std::string& value) {
    if (!value.empty()) text += " " + value;
  };
  if (capability.security().control_id() != capability.name()) add(capability.security().control_id());
  if (capability.hardware().path() != capability.name()) add(capability.hardware().path());
  add(capability.hardware().permissions());
  add(capability.software().version());
  return text;
}

bool Fits(const std::string& required, const std::string& provided) { return required.empty() || required == provided; }

/// Whether what is provided is what is required, as model.proto says.
bool Meets(const v1::Capability& required, const v1::Capability& provided) {
  if (required.name() != provided.name() || required.capability_case() != provided.capability_case()) return false;
  const std::string& permissions = provided.hardware().permissions();
  const bool permitted =
      std::all_of(required.hardware().permissions().begin(), required.hardware().permissions().end(),
                  [&](char permission) { return permissions.find(permission) != std::string::npos; });
  return permitted && Fits(required.security().control_id(), provided.security().control_id()) &&
         Fits(required.security().description(), provided.security().description()) &&
         Fits(required.hardware().path(), provided.hardware().path()) &&
         Fits(required.software().version(), provided.software().version());
}

/// What `required` asks for and `provided` does not have, or null.
const v1::Capability* FindMissing(const v1::Port& required, const v1::Port& provided) {
  for (const v1::Capability& capability : required.capabilities()) {
    const bool met = std::any_of(provided.capabilities().begin(), provided.capabilities().end(),
                                 [&](const v1::Capability& offer) { return Meets(capability, offer); });
    if (!met) return &capability;
  }
  return nullptr;
}

void InspectCapability(const v1::Capability& capability, const std::string& place, const std::string& port,
                       Problems& problems) {
  if (capability.capability_case() == v1::Capability::CAPABILITY_NOT_SET) {
    return problems.Add(place, port + " has a capability without a type; use security, hardware or software");
  }
  if (capability.name().empty()) problems.Add(place, port + " has a capability without a name; give it one");
  if (capability.hardware().permissions().find_first_not_of("rwm") != std::string::npos) {
    problems.Add(place, port + " has the permissions \"" + capability.hardware().permissions() +
                            "\"; use some of \"r\", \"w\" and \"m\"");
  }
}

/// All ports of a model by "OWNER/PORT".
class PortIndex {
 public:
  PortIndex(const ModelIndex& index, Problems& problems) : problems_(problems) {
    for (const v1::Host& host : index.model().hosts()) {
      Add(host.name(), Place(host), host.provided_ports(), host.required_ports());
    }
    for (const v1::Component& component : index.model().components()) {
      Add(component.name(), Place(component), component.provided_ports(), component.required_ports());
    }
  }

  struct Entry {
    const v1::Port* port;
    bool provided;
  };
  const Entry* Find(const std::string& reference) const {
    const auto found = entries_.find(reference);
    return found == entries_.end() ? nullptr : &found->second;
  }

 private:
  void Add(const std::string& owner, const std::string& place, const Ports& provided, const Ports& required) {
    for (const v1::Port& port : provided) AddPort(owner, place, port, true);
    for (const v1::Port& port : required) AddPort(owner, place, port, false);
  }

  void AddPort(const std::string& owner, const std::string& place, const v1::Port& port, bool provided) {
    const std::string name = "has a port \"" + port.name() + "\" that";
    if (!IsName(port.name())) {
      problems_.Add(place, name + " is not named well; use lower-case letters, digits, '.', '_' and '-'");
    }
    if (!entries_.emplace(owner + "/" + port.name(), Entry{&port, provided}).second) {
      problems_.Add(place, name + " is there twice among what it provides and requires; give one another name");
    }
    if (port.number() > kMaxPort) {
      problems_.Add(place, name + " has number " + std::to_string(port.number()) + "; use one from 1 to 65535");
    }
    if (!port.protocol().empty() && port.protocol() != "tcp" && port.protocol() != "udp") {
      problems_.Add(place, name + " has the protocol \"" + port.protocol() + "\"; use tcp or udp");
    }
    for (const v1::Capability& capability : port.capabilities()) {
      InspectCapability(capability, place, name, problems_);
    }
  }

  Problems& problems_;
  std::unordered_map<std::string, Entry> entries_;
};

enum class End { kFrom, kTo };

/// The port at one end of a link if it is what that end needs; else adds why not.
const v1::Port* FindEnd(const ModelIndex& index, const PortIndex& ports, const v1::Link& link, End end,
                        Problems& problems) {
  const bool is_from = end == End::kFrom;
  const std::string& reference = is_from ? link.from() : link.to();
  const std::string what = std::string(is_from ? "comes from \"" : "goes to \"") + reference + "\", ";
  const auto [owner, name] = SplitPortReference(reference);
  const auto add = [&](const std::string& reason) { problems.Add(Place(link), what + reason); };
  if (owner.empty()) return add("which is not OWNER/PORT, as in db/sql"), nullptr;
  if (index.FindComponent(owner) == ModelIndex::kNone && index.FindHost(owner) == nullptr) {
    return add("but \"" + owner + "\" is not in the model"), nullptr;
  }
  const PortIndex::Entry* entry = ports.Find(reference);
  if (entry == nullptr) {
    return add("but \"" + owner + "\" has no port \"" + name + "\"; add it to its " +
               (is_from ? "provides" : "requires")),
           nullptr;
  }
  if (entry->provided != is_from) {
    return add(std::string("which is a ") + (is_from ? "required" : "provided") +
               " port; a link goes from a provided port to a required one"),
           nullptr;
  }
  if (IsExecution(*entry->port)) {
    return add("which is an execution port; links are for communication, and host says what stands where"), nullptr;
  }
  return entry->port;
}

void InspectLink(const ModelIndex& index, const PortIndex& ports, const v1::Link& link, Problems& problems) {
  const v1::Port* from = FindEnd(index, ports, link, End::kFrom, problems);
  const v1::Port* to = FindEnd(index, ports, link, End::kTo, problems);
  if (from == nullptr || to == nullptr) return;
  if (!to->protocol().empty() && (to->protocol() == "udp") != (from->protocol() == "udp")) {
    problems.Add(Place(link), "joins a tcp port and a udp port; give both one protocol");
  }
  if (const v1::Capability* missing = FindMissing(*to, *from)) {
    problems.Add(Place(link), "needs " + TextOf(*missing) + " of \"" + link.from() +
                                  "\", which does not provide it; add it there, or link another port");
  }
}

void InspectLinks(const ModelIndex& index, const PortIndex& ports, Problems& problems) {
  std::set<std::string_view> names;
  for (const v1::Link& link : index.model().links()) {
    if (link.name().empty() || link.name().size() > 255 || link.name().find('"') != std::string::npos ||
        link.name().find('\n') != std::string::npos) {
      problems.Add(Place(link), "has no proper name; use 1 to 255 characters on one line without quotes");
    }
    if (!names.insert(link.name()).second) {
      problems.Add(Place(link), "is there twice; remove one, or give it another name");
    }
    InspectLink(index, ports, link, problems);
  }
}

void InspectMandatory(const std::string& owner, const std::string& place, const Ports& required,
                      const std::set<std::string_view>& linked, Problems& problems) {
  for (const v1::Port& port : required) {
    const std::string reference = owner + "/" + port.name();
    if (!port.mandatory() || IsExecution(port) || linked.contains(reference)) continue;
    problems.Add(place, "must have its port \"" + port.name() + "\" linked; add a link to " + reference +
                            ", or make it not mandatory");
  }
}

/// What a component needs to be executed on, against what carries it. The gateway declares no ports: there is nothing
/// to compare with.
void InspectExecution(const ModelIndex& index, int number, Problems& problems) {
  const v1::Component& component = index.model().components(number);
  const int carrier = index.CarrierOf(number);
  const v1::Host* host = index.FindHost(component.host());
  if (IsGateway(component.host()) || (carrier == ModelIndex::kNone && host == nullptr)) return;
  const Ports& offers = host != nullptr ? host->provided_ports() : index.model().components(carrier).provided_ports();
  for (const v1::Port& required : component.required_ports()) {
    if (!IsExecution(required) || required.capabilities().empty()) continue;
    const bool met = std::any_of(offers.begin(), offers.end(), [&](const v1::Port& offer) {
      return IsExecution(offer) && FindMissing(required, offer) == nullptr;
    });
    if (met) continue;
    std::string needed;
    for (const v1::Capability& capability : required.capabilities()) {
      needed += (needed.empty() ? "" : ", ") + TextOf(capability);
    }
    problems.Add(Place(component), "needs " + needed + " of \"" + component.host() +
                                       "\", none of whose execution ports has that; add it to what it provides, or "
                                       "choose another host");
  }
}

}  // namespace

void InspectPorts(const ModelIndex& index, Problems& problems) {
  const PortIndex ports(index, problems);
  InspectLinks(index, ports, problems);
  std::set<std::string_view> linked;
  for (const v1::Link& link : index.model().links()) linked.insert(link.to());
  for (const v1::Host& host : index.model().hosts()) {
    InspectMandatory(host.name(), Place(host), host.required_ports(), linked, problems);
  }
  for (int i = 0; i < index.model().components_size(); ++i) {
    const v1::Component& component = index.model().components(i);
    InspectMandatory(component.name(), Place(component), component.required_ports(), linked, problems);
    InspectExecution(index, i, problems);
  }
}

}  // namespace motley
