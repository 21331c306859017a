#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/kinds/container_images.h"
#include "agent/kinds/container_spec.h"
#include "agent/kinds/docker_engine.h"
#include "agent/kinds/kind.h"

namespace motley::agent {

/// What the kind `container` does at one engine, for one gateway. The engine is the only memory: names and labels of
/// the containers say how far the last attempt came. Workers only; one call at a time for a key.
///
/// A container that makes way for another version, or that is removed, is stopped and renamed to its AsideName; Clean
/// deletes it, and PutInPlace of its version before that renames it back and starts it.
class ContainerActions {
 public:
  ContainerActions(DockerEngine& engine, std::string gateway, ContainerImages images)
      : engine_(engine), gateway_(std::move(gateway)), images_(std::move(images)) {}

  struct Seen {
    /// Unset: there is none under the component's name; one that somebody renamed is not it.
    std::optional<ContainerDetails> container;
    /// The health check of its image was run for this look, since the engine does not do so.
    bool checks_ran = false;
  };
  /// The component's container, whatever its version. Errors: kConflict (the name is taken by one that is not ours).
  Result<Seen> Look(const Instance& instance);

  Result<void> Stop(const std::string& container) { return engine_.Stop(container); }

  /// Makes the instance's container run, in place of all others of its component.
  Result<void> PutInPlace(const Instance& instance);

  /// Sets all containers of the component aside.
  Result<void> SetAllAside(const Instance& instance);

  /// "; its last lines: a | b", for messages.
  std::string LastLines(const std::string& container);

  /// Deletes what is set aside, but for the components in `busy` ("application/component"), and the images that only it
  /// used. Errors: the last; what can be done is done.
  Result<void> Clean(const std::set<std::string>& busy);

 private:
  Result<void> SetAside(const Instance& instance, const ContainerSummary& container);
  Result<bool> StartAgain(const Instance& instance, const ContainerSummary& container);
  Result<void> TryToStart(const Instance& instance, const ContainerDetails& found);
  Result<void> CheckNameFree(const std::string& name);

  DockerEngine& engine_;
  const std::string gateway_;
  const ContainerImages images_;
};

}  // namespace motley::agent
