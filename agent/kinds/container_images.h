#pragma once

#include <set>
#include <string>

#include "agent/kinds/docker_engine.h"
#include "agent/kinds/kind.h"

namespace motley::agent {

/// The images that containers are made of: brought to an engine when they are missing, taken away when nobody uses them
/// any more, if it was us who brought them. What was brought is on record in <state>/containers, written before and
/// after, so that a power failure in between turns nobody else's image into ours. A value; workers only.
class ContainerImages {
 public:
  /// `engine_label` tells engines apart.
  ContainerImages(std::string state_folder, ArtifactPath artifact, std::string engine_label)
      : folder_(std::move(state_folder) + "/containers"),
        artifact_(std::move(artifact)),
        engine_label_(std::move(engine_label)) {}

  /// The id of the instance's image, which is there when this returns. An image of that name that is there already is
  /// taken; with an archive, only what came from that very archive.
  /// Errors: those of DockerEngine::Pull and Load; kInvalid (the archive does not hold the image).
  Result<std::string> Ensure(DockerEngine& engine, const Instance& instance) const;

  /// Takes away the images of ours that no container uses. Errors: the last; what can be done is done.
  Result<void> RemoveUnused(DockerEngine& engine) const;

 private:
  std::string RecordPath(const v1::ContainerSpec& spec) const;
  Result<std::string> Bring(DockerEngine& engine, const v1::ContainerSpec& spec) const;

  std::string folder_;
  ArtifactPath artifact_;
  std::string engine_label_;
};

}  // namespace motley::agent
