#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/selector/attributes.h"
#include "controller/assign/question.h"

namespace motley::controller {

/// Why a variant of the release can not run on a gateway with these attributes: the part of `when` that failed with the
/// gateway's value, or what its model needs. Nothing: it can. `variant` is a place in the release.
std::optional<std::string> WhyNot(const PreparedRelease& release, std::size_t variant, const Attributes& attributes);

/// Why a gateway gets `chosen` of the variants that it could run, all of them places in the release. `by_preference`:
/// no rule decides.
std::string WhyChosen(const PreparedRelease& release, const std::vector<std::int32_t>& runnable, std::size_t chosen,
                      bool by_preference);

/// Why a gateway gets none.
std::string WhyNone(const PreparedRelease& release, const Attributes& attributes);

inline constexpr std::string_view kNotEnrolled = "not enrolled yet: its agent has never used its enrolment token";

}  // namespace motley::controller
