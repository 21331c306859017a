#include "controller/registry/fleet_view.h"

#include <utility>

#include "common/log/log.h"

namespace motley::controller {

Handle FleetView::Pin() {
  ++pins_;
  return Handle([this] {
    if (--pins_ > 0) return;
    for (const auto& [gateway, attributes] : std::exchange(waiting_, {})) Apply(gateway, attributes);
  });
}

FleetView::Outcome FleetView::Set(const Attributes& gateway) {
  if (Now(gateway.gateway) == gateway) return Outcome::kSame;
  if (pins_ > 0) {
    waiting_[gateway.gateway] = gateway;
  } else {
    Apply(gateway.gateway, gateway);
  }
  return Outcome::kChanged;
}

void FleetView::Remove(const std::string& gateway) {
  if (pins_ > 0) {
    waiting_[gateway] = std::nullopt;
  } else {
    Apply(gateway, std::nullopt);
  }
}

const std::string* FleetView::Problem(const std::string& gateway) const {
  const auto found = problems_.find(gateway);
  return found == problems_.end() ? nullptr : &found->second;
}

std::optional<Attributes> FleetView::Now(const std::string& gateway) const {
  if (const auto found = waiting_.find(gateway); found != waiting_.end()) return found->second;
  const auto row = index_.Find(gateway);
  return row ? std::optional(index_.AttributesOf(*row)) : std::nullopt;
}

void FleetView::Apply(const std::string& gateway, const std::optional<Attributes>& attributes) {
  problems_.erase(gateway);
  if (!attributes) return Drop(gateway);
  const bool is_new = !index_.Find(gateway);
  const auto row = index_.Upsert(*attributes);
  if (!row) {
    LogWarning("{}; it takes no part in plans", row.error().message);
    Drop(gateway);
    problems_[gateway] = row.error().message + "; it takes no part in plans";
  } else if (is_new && listener_ != nullptr) {
    listener_->OnRowTaken(gateway, *row);
  }
}

void FleetView::Drop(const std::string& gateway) {
  const auto row = index_.Remove(gateway);
  if (row && listener_ != nullptr) listener_->OnRowFreed(*row);
}

}  // namespace motley::controller
