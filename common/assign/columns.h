#pragma once

#include "common/assign/model.h"
#include "common/assign/problem.h"
#include "common/base/result.h"

namespace motley::assign {

/// Adds the supplies and their columns, with all costs that each gateway has on its own (options, coverage, prefer,
/// keep), and without the columns that hard rules of these kinds or capacities forbid.
///
/// Applications of a class share a supply if together their variants may not fit its capacities, or if a count rule is
/// about variants of several. Errors: kInvalid (more than 100,000 columns in one supply).
Result<void> AddColumns(const Problem& problem, Model& model);

}  // namespace motley::assign
