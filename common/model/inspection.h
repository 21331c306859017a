#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "motley/v1/model.pb.h"

namespace motley {

/// Collects what is wrong with a model.
class Problems {
 public:
  /// `place` names the thing: `component "web"`. `problem` goes on with the sentence, and has the way out.
  void Add(const std::string& place, const std::string& problem) { texts_.push_back(place + " " + problem); }
  std::vector<std::string> Take() { return std::move(texts_); }

 private:
  std::vector<std::string> texts_;
};

inline std::string Place(const v1::Host& host) { return "host \"" + host.name() + "\""; }
inline std::string Place(const v1::Component& component) { return "component \"" + component.name() + "\""; }
inline std::string Place(const v1::Link& link) { return "link \"" + link.name() + "\""; }

/// A model with its names looked up once, so that no check has to search. The model must outlive it.
class ModelIndex {
 public:
  explicit ModelIndex(const v1::DeploymentModel& model);

  static constexpr int kNone = -1;

  const v1::DeploymentModel& model() const { return model_; }
  /// The place of the first component of this name in the model, or kNone.
  int FindComponent(std::string_view name) const;
  /// The first host of this name, or null.
  const v1::Host* FindHost(std::string_view name) const;

  /// What a component stands on in the end.
  enum class Root { kGateway, kHost, kBroken };
  /// kBroken: something on the way is not in the model, or stands on itself.
  Root RootOf(int component) const { return roots_[static_cast<std::size_t>(component)].first; }
  /// With Root::kHost only.
  const v1::Host& RootHostOf(int component) const { return *roots_[static_cast<std::size_t>(component)].second; }
  /// The component that carries this one, or kNone.
  int CarrierOf(int component) const { return carriers_[static_cast<std::size_t>(component)]; }
  /// The machine whose ports and paths it uses: "gateway", the name of an ssh host, or empty for a board and where the
  /// hosting is broken.
  std::string MachineOf(int component) const;

 private:
  void FindRoots();

  const v1::DeploymentModel& model_;
  std::unordered_map<std::string_view, int> components_;
  std::unordered_map<std::string_view, const v1::Host*> hosts_;
  std::vector<int> carriers_;
  std::vector<std::pair<Root, const v1::Host*>> roots_;
};

inline constexpr std::string_view kGateway = "gateway";

/// Whether a component or container engine is put on the gateway itself.
inline bool IsGateway(std::string_view host) { return host.empty() || host == kGateway; }

// The topics. Each adds what is wrong in its field, and takes what the others find for granted.

/// Names, and that each is there once.
void InspectNames(const ModelIndex& index, Problems& problems);
/// Each host by itself.
void InspectHosts(const ModelIndex& index, Problems& problems);
/// That each component stands on something that its kind can stand on.
void InspectHosting(const ModelIndex& index, Problems& problems);
/// What each component's kind holds.
void InspectKinds(const ModelIndex& index, Problems& problems);
void InspectContainer(const v1::ContainerSpec& container, const std::string& place, Problems& problems);
/// Health, limits, users and references to secrets.
void InspectExtras(const ModelIndex& index, Problems& problems);
/// Ports, links and capabilities.
void InspectPorts(const ModelIndex& index, Problems& problems);
/// That no two components use the same port, path or board.
void InspectSharing(const ModelIndex& index, Problems& problems);
/// That what must be up before a component is in the model, and makes no cycle.
void InspectOrder(const ModelIndex& index, Problems& problems);

/// Pieces that several kinds have.
void InspectArtifact(const v1::ArtifactRef& artifact, const std::string& place, Problems& problems);
void InspectEnvironment(const google::protobuf::Map<std::string, std::string>& environment, const std::string& place,
                        Problems& problems);
void InspectTexts(const google::protobuf::RepeatedPtrField<std::string>& texts, const char* what,
                  const std::string& place, Problems& problems);

}  // namespace motley
