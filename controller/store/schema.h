#pragma once

#include <span>
#include <string_view>

namespace motley::controller {

/// The migrations of the controller's database: append-only.
std::span<const std::string_view> Migrations();

}  // namespace motley::controller
