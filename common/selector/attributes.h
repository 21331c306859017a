#pragma once

#include <google/protobuf/map.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "motley/v1/fleet.pb.h"

namespace motley {

/// What a selector can know about one gateway.
struct Attributes {
  std::string gateway;
  std::string arch;
  std::string os;
  std::string os_version;
  std::string hostname;
  std::uint64_t memory_mb = 0;
  std::uint64_t disk_mb = 0;
  std::uint32_t cpus = 0;
  /// Types of the attached boards; one of unknown type is left out.
  std::vector<std::string> boards;
  /// Kinds of components that the agent can carry out, and "plugin:NAME" for each of its plugins.
  std::vector<std::string> kinds;
  /// "docker" or "podman"; empty: none answers.
  std::string container_engine;
  std::map<std::string, std::string, std::less<>> tags;

  bool operator==(const Attributes&) const = default;
};

/// The attributes of gateway `id` from what it reported of itself and the tags that people gave it.
Attributes AttributesOf(std::string_view id, const v1::Context& context,
                        const google::protobuf::Map<std::string, std::string>& tags);

}  // namespace motley
