#pragma once

#include "common/genesis/conversion.h"

namespace motley::genesis {

/// The container that a component's "docker_resource" describes.
void ConvertContainer(Conversion& conversion, const DocumentComponent& component, const Json& docker,
                      v1::ContainerSpec& container);

}  // namespace motley::genesis
