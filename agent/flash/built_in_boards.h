#pragma once

#include <string_view>

namespace motley::agent {

/// The text of boards.yaml.
std::string_view BuiltInBoards();

}  // namespace motley::agent
