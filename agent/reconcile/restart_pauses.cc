#include "agent/reconcile/restart_pauses.h"

#include <algorithm>

namespace motley::agent {
namespace {

constexpr std::chrono::seconds kFirst{10};
constexpr std::chrono::seconds kLongest{600};
constexpr std::chrono::hours kForgotten{1};

}  // namespace

bool RestartPauses::May(const std::string& key, Time now) const {
  const auto entry = entries_.find(key);
  return entry == entries_.end() || now - entry->second.last >= entry->second.pause;
}

void RestartPauses::Restarted(const std::string& key, Time now) {
  std::erase_if(entries_, [now](const auto& entry) { return now - entry.second.last >= kForgotten; });
  const auto [entry, fresh] = entries_.emplace(key, Entry{now, kFirst});
  if (fresh) return;
  entry->second = {now, std::min(entry->second.pause * 2, kLongest)};
}

}  // namespace motley::agent
