#pragma once

#include <string>

#include "common/model/steps.h"
#include "motley/v1/model.pb.h"
#include "tools/motley/terminal.h"

namespace motley::cli {

/// The kind of a component with what makes it, in a few words: "container docker.io/library/nginx:1.25".
std::string KindText(const v1::Component& component);

/// The type of a host with what makes it: "ssh pi@10.0.0.7".
std::string HostText(const v1::Host& host);

/// "AC-3", "/dev/gpiochip0 rw", "java 17": a capability in a few words.
std::string CapabilityText(const v1::Capability& capability);

/// Who stands on whom as a tree, each with its ports and capabilities, and the links as arrows.
std::string RenderTopology(const v1::DeploymentModel& model, const Terminal& terminal);

/// The steps from one model to another; those of one wave may run at the same time.
std::string RenderDifference(const ModelDifference& difference, const Terminal& terminal);

/// {"steps": [{action, component, kind, reason, after, undo}]}; `after` holds the numbers of steps, from 0.
std::string DifferenceJson(const ModelDifference& difference);

}  // namespace motley::cli
