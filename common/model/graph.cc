#include "common/model/graph.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "common/crypto/digest.h"

namespace motley {
namespace {

constexpr std::string_view kGateway = "gateway";
constexpr std::string_view kSecretOpening = "${secret.";

std::string Serialized(const google::protobuf::MessageLite& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);  // maps in the order of their keys
    message.SerializeToCodedStream(&out);
  }
  return bytes;
}

/// Strings stand in the serialized form as they are.
void FindSecrets(std::string_view bytes, std::set<std::string>& names) {
  for (auto at = bytes.find(kSecretOpening); at != std::string_view::npos; at = bytes.find(kSecretOpening, at + 1)) {
    const auto begin = at + kSecretOpening.size();
    const auto end = bytes.find('}', begin);
    if (end == std::string_view::npos) return;
    names.emplace(bytes.substr(begin, end - begin));
  }
}

/// What matters about a component by itself.
v1::Component Identity(const v1::Component& component) {
  v1::Component identity = component;
  identity.clear_depends_on();
  identity.clear_follows();
  identity.clear_provided_ports();
  identity.clear_required_ports();
  identity.clear_resources();
  if (identity.host() == kGateway) identity.clear_host();
  return identity;
}

v1::Host Identity(const v1::Host& host) {
  v1::Host identity = host;
  identity.clear_provided_ports();
  identity.clear_required_ports();
  return identity;
}

class Digester {
 public:
  Digester(const v1::DeploymentModel& model, const std::map<std::string, std::string>& secret_versions)
      : model_(model), secret_versions_(secret_versions) {}

  std::map<std::string, std::string> Digest() {
    for (const v1::Component& component : model_.components()) DigestOf(component);
    return std::move(digests_);
  }

 private:
  std::string DigestOf(const v1::Component& component) {
    if (const auto known = digests_.find(component.name()); known != digests_.end()) return known->second;
    // A cycle, which the model's check refuses, ends here.
    digests_[component.name()] = "";
    const v1::Host host = RootHostOf(model_, component);
    std::string identity = Serialized(Identity(component)) + '\0' + Serialized(Identity(host));
    if (const v1::Host* engine_host = FindHost(model_, host.container_engine().host())) {
      identity += '\0' + Serialized(Identity(*engine_host));
    }
    for (const std::string& secret : SecretsOf(component, host)) {
      const auto version = secret_versions_.find(secret);
      identity += '\0' + secret + '=' + (version == secret_versions_.end() ? "" : version->second);
    }
    for (const std::string& name : FollowedBy(model_, component)) {
      identity += '\0' + name + ':' + DigestOf(*FindComponent(model_, name));
    }
    return digests_[component.name()] = Sha256(identity);
  }

  const v1::DeploymentModel& model_;
  const std::map<std::string, std::string>& secret_versions_;
  std::map<std::string, std::string> digests_;
};

}  // namespace

std::pair<std::string, std::string> SplitPortReference(std::string_view reference) {
  const auto slash = reference.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == reference.size()) return {};
  return {std::string(reference.substr(0, slash)), std::string(reference.substr(slash + 1))};
}

const v1::Component* FindComponent(const v1::DeploymentModel& model, std::string_view name) {
  for (const v1::Component& component : model.components()) {
    if (component.name() == name) return &component;
  }
  return nullptr;
}

const v1::Host* FindHost(const v1::DeploymentModel& model, std::string_view name) {
  for (const v1::Host& host : model.hosts()) {
    if (host.name() == name) return &host;
  }
  return nullptr;
}

const v1::Component* CarrierOf(const v1::DeploymentModel& model, const v1::Component& component) {
  return component.host() == component.name() ? nullptr : FindComponent(model, component.host());
}

v1::Host RootHostOf(const v1::DeploymentModel& model, const v1::Component& component) {
  const v1::Component* bottom = &component;
  // As many steps as there are components: a cycle ends.
  for (int i = 0; i < model.components_size(); ++i) {
    const v1::Component* carrier = CarrierOf(model, *bottom);
    if (carrier == nullptr) break;
    bottom = carrier;
  }
  const v1::Host* host = FindHost(model, bottom->host());
  return host == nullptr ? v1::Host() : *host;
}

std::set<std::string> NeedsOf(const v1::DeploymentModel& model, const v1::Component& component) {
  std::set<std::string> needs = FollowedBy(model, component);
  for (const std::string& name : component.depends_on()) needs.insert(name);
  for (const v1::Link& link : model.links()) {
    const auto [owner, port_name] = SplitPortReference(link.to());
    if (owner != component.name()) continue;
    for (const v1::Port& port : component.required_ports()) {
      if (port.name() == port_name && port.mandatory()) needs.insert(SplitPortReference(link.from()).first);
    }
  }
  needs.erase(component.name());
  std::erase_if(needs, [&](const std::string& name) { return FindComponent(model, name) == nullptr; });
  return needs;
}

std::set<std::string> FollowedBy(const v1::DeploymentModel& model, const v1::Component& component) {
  std::set<std::string> followed(component.follows().begin(), component.follows().end());
  if (const v1::Component* carrier = CarrierOf(model, component)) followed.insert(carrier->name());
  for (const v1::Link& link : model.links()) {
    if (link.follow() && SplitPortReference(link.to()).first == component.name()) {
      followed.insert(SplitPortReference(link.from()).first);
    }
  }
  followed.erase(component.name());
  std::erase_if(followed, [&](const std::string& name) { return FindComponent(model, name) == nullptr; });
  return followed;
}

std::set<std::string> SecretsOf(const v1::Component& component, const v1::Host& host) {
  std::set<std::string> names;
  FindSecrets(Serialized(component), names);
  FindSecrets(Serialized(host), names);
  return names;
}

std::set<std::string> SecretsOf(const v1::DeploymentModel& model) {
  std::set<std::string> names;
  for (const v1::Component& component : model.components()) names.merge(SecretsOf(component, {}));
  for (const v1::Host& host : model.hosts()) names.merge(SecretsOf({}, host));
  return names;
}

std::map<std::string, std::string> DigestsOf(const v1::DeploymentModel& model,
                                             const std::map<std::string, std::string>& secret_versions) {
  return Digester(model, secret_versions).Digest();
}

}  // namespace motley
