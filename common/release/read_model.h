#pragma once

#include <string>

#include "common/base/result.h"
#include "common/release/reader.h"
#include "motley/v1/model.pb.h"

namespace motley {

// The parts of a template, each from its YAML. `what` names the part in errors, which are kInvalid with file and line.

Result<void> ReadHost(Reader& reader, const YAML::Node& node, const std::string& what, v1::Host& host);
Result<void> ReadComponent(Reader& reader, const YAML::Node& node, const std::string& what, v1::Component& component);
/// Without a name of its own, a link is called "FROM->TO".
Result<void> ReadLink(Reader& reader, const YAML::Node& node, const std::string& what, v1::Link& link);

/// Ports by their names: of `provides` and of `requires`.
Reader::Setter ProvidedPorts(Reader& reader, google::protobuf::RepeatedPtrField<v1::Port>& ports);
Reader::Setter RequiredPorts(Reader& reader, google::protobuf::RepeatedPtrField<v1::Port>& ports);
Reader::Setter Health(Reader& reader, std::function<v1::HealthCheck*()> health);

/// The keys of one kind.
void AddContainerKeys(Reader& reader, v1::ContainerSpec& container, Reader::Setters& setters);
void AddPluginKeys(Reader& reader, v1::PluginSpec& plugin, Reader::Setters& setters);
/// always, on-failure or never.
Reader::Setter Restart(Reader& reader, std::function<void(v1::ProcessSpec::Restart)> set);

}  // namespace motley
