#include <algorithm>

#include "controller/registry/registry.h"

namespace motley::controller {

bool Twin::HasSeenDesired() const { return reported().desired_revision() >= desired().revision(); }

bool Twin::InSync() const {
  return desired().revision() > 0 && reported().deployment().revision() == desired().revision() &&
         reported().deployment().state() == v1::Deployment::STATE_DONE;
}

std::uint64_t Twin::NextRevision() const {
  return std::max({desired().revision(), record.revision_floor, reported().desired_revision()}) + 1;
}

Attributes Twin::SelectorAttributes() const {
  return AttributesOf(id(), reported().has_context() ? reported().context() : record.enrolled_context,
                      record.gateway.tags());
}

}  // namespace motley::controller
