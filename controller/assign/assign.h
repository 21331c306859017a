#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/selector/attributes.h"
#include "common/selector/selector.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// A variant as the assignment sees it.
struct Candidate {
  std::string name;
  Selector when;
  std::int32_t prefer = 0;
};

/// A gateway as the assignment sees it.
struct Subject {
  Attributes attributes;
  bool enrolled = false;
  /// What it was to run of this application before: "1.0.0/uno-fast", or empty.
  std::string previous;
};

/// The variants of a release with their selectors parsed, in the order of the file. Errors: kInvalid (a selector).
Result<std::vector<Candidate>> CandidatesOf(const v1::Release& release);

/// For each gateway the fitting variant with the highest preference, the first in the file among equals; one that gets
/// none has the reason. In the order of `subjects`, without verdicts.
std::vector<v1::Assignment> Assign(std::span<const Candidate> candidates, std::span<const Subject> subjects);

/// The same for one gateway, with a verdict for each variant.
v1::Assignment Explain(std::span<const Candidate> candidates, const Subject& subject);

}  // namespace motley::controller
