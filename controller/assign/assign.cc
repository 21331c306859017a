#include "controller/assign/assign.h"

namespace motley::controller {
namespace {

/// Null when none fits.
const Candidate* Best(std::span<const Candidate> candidates, const Subject& subject) {
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (best != nullptr && candidate.prefer <= best->prefer) continue;
    if (candidate.when.Matches(subject.attributes)) best = &candidate;
  }
  return best;
}

std::string WhyBest(std::span<const Candidate> candidates, const Candidate& best, const Subject& subject) {
  std::size_t fitting = 0;
  std::size_t equal = 0;
  for (const Candidate& candidate : candidates) {
    if (!candidate.when.Matches(subject.attributes)) continue;
    ++fitting;
    if (candidate.prefer == best.prefer) ++equal;
  }
  if (fitting == 1) return "the only variant that fits";
  const std::string prefer = std::to_string(best.prefer);
  if (equal > 1) return "the first in the release among those that fit with the highest preference " + prefer;
  return "highest preference (" + prefer + ") of " + std::to_string(fitting) + " variants that fit";
}

std::string WhyNone(std::span<const Candidate> candidates, const Subject& subject) {
  std::string reason = "no variant fits:";
  for (const Candidate& candidate : candidates) {
    reason += (&candidate == candidates.data() ? " " : "; ") + candidate.name + ": " +
              candidate.when.Explain(subject.attributes).value_or("fits");
  }
  return reason;
}

v1::Assignment AssignOne(std::span<const Candidate> candidates, const Subject& subject) {
  v1::Assignment assignment;
  assignment.set_gateway(subject.attributes.gateway);
  assignment.set_previous(subject.previous);
  if (!subject.enrolled) {
    assignment.set_reason("not enrolled yet: its agent has never used its enrolment token");
  } else if (const Candidate* best = Best(candidates, subject)) {
    assignment.set_variant(best->name);
    assignment.set_reason(WhyBest(candidates, *best, subject));
  } else {
    assignment.set_reason(WhyNone(candidates, subject));
  }
  return assignment;
}

}  // namespace

Result<std::vector<Candidate>> CandidatesOf(const v1::Release& release) {
  std::vector<Candidate> candidates;
  for (const v1::Variant& variant : release.variants()) {
    TRY_ASSIGN(auto when, Selector::Parse(variant.when()).While("variant \"" + variant.name() + "\": when"));
    candidates.push_back({variant.name(), std::move(when), variant.prefer()});
  }
  return candidates;
}

std::vector<v1::Assignment> Assign(std::span<const Candidate> candidates, std::span<const Subject> subjects) {
  std::vector<v1::Assignment> assignments;
  assignments.reserve(subjects.size());
  for (const Subject& subject : subjects) assignments.push_back(AssignOne(candidates, subject));
  return assignments;
}

v1::Assignment Explain(std::span<const Candidate> candidates, const Subject& subject) {
  v1::Assignment assignment = AssignOne(candidates, subject);
  for (const Candidate& candidate : candidates) {
    v1::VariantVerdict& verdict = *assignment.add_verdicts();
    const auto failed = candidate.when.Explain(subject.attributes);
    verdict.set_variant(candidate.name);
    verdict.set_fits(!failed.has_value());
    verdict.set_prefer(candidate.prefer);
    verdict.set_reason(failed.value_or("fits"));
  }
  return assignment;
}

}  // namespace motley::controller
