#include <algorithm>

#include "controller/registry/registry.h"

namespace motley::controller {

bool Twin::HasSeenDesired() const {
  // Out of all bounds: it is not to be believed, so it is told again.
  if (reported().desired_revision() >= NextRevision()) return false;
  return reported().desired_revision() >= desired().revision();
}

bool Twin::InSync() const {
  return desired().revision() > 0 && reported().deployment().revision() == desired().revision() &&
         reported().deployment().state() == v1::Deployment::STATE_DONE;
}

std::uint64_t Twin::NextRevision() const {
  const std::uint64_t issued = std::max(desired().revision(), record.revision_floor);
  const std::uint64_t seen = NeverIssued().value_or(0);
  return (seen <= issued + kMaxLead ? std::max(issued, seen) : issued) + 1;
}

std::optional<std::uint64_t> Twin::NeverIssued() const {
  const std::uint64_t seen = reported().desired_revision();
  if (seen <= std::max(desired().revision(), record.revision_floor)) return std::nullopt;
  return seen;
}

Attributes Twin::SelectorAttributes() const {
  return AttributesOf(id(), reported().has_context() ? reported().context() : record.enrolled_context,
                      record.gateway.tags());
}

}  // namespace motley::controller
