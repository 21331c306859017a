#pragma once

#include <map>
#include <string>
#include <string_view>

#include "agent/kinds/kind.h"
#include "common/base/result.h"

namespace motley::agent {

/// Labels by which a container is known as ours. What has not all of the first three is never touched.
inline constexpr std::string_view kGatewayLabel = "io.motley.gateway";
inline constexpr std::string_view kApplicationLabel = "io.motley.application";
inline constexpr std::string_view kComponentLabel = "io.motley.component";
/// Of the instance: another digest is another version.
inline constexpr std::string_view kDigestLabel = "io.motley.digest";

using ContainerLabels = std::map<std::string, std::string>;

/// The labels of all containers of a component, of whatever version.
ContainerLabels LabelsOf(const std::string& gateway, const Instance& instance);

/// "motley-<application>-<component>-<8 hexadecimal digits>"; other gateways at the same engine get other names.
std::string ContainerName(const std::string& gateway, const Instance& instance);

/// The name of a container that is set aside until the transaction ends: that of its component, and its own id.
std::string AsideName(const std::string& name, const std::string& id);
bool IsAside(std::string_view name);

/// "no", "on-failure" or "unless-stopped". Not "always", with which Docker starts at boot what we stopped.
std::string RestartPolicyOf(const v1::ContainerSpec& spec);
/// Whether a container that ended with exit code 0 is as it should be.
bool MayEnd(const v1::ContainerSpec& spec);

/// Whether the container can be made at all, as far as the model tells. Errors: kInvalid.
Result<void> CheckContainer(const v1::Component& component);

/// Upper bounds for what a process may ask for.
struct ProcessLimits {
  std::uint64_t open_files = 0;
  std::uint64_t processes = 0;

  /// The hard limits of this process, which the engine on the same gateway has too.
  static ProcessLimits Own();
};

/// The body of the create call, with the values of secrets in it. `image_id` is the image itself, so that it does not
/// matter what its name means a moment later.
std::string CreateBody(const std::string& gateway, const Instance& instance, const std::string& image_id,
                       const ProcessLimits& limits);

}  // namespace motley::agent
