#pragma once

#include <string>

#include "motley/v1/release.pb.h"

namespace motley::controller {

/// Equal for equal content, whenever it was stored and whatever uses it.
std::string ContentDigestOf(v1::Template content);
std::string ContentDigestOf(v1::TemplateVariant content);

}  // namespace motley::controller
