#include "controller/dispatch/complaints.h"

#include "common/log/log.h"

namespace motley::controller {

void Complaints::Add(std::string_view kind, std::string_view detail) {
  constexpr std::chrono::minutes kPause{1};
  auto found = kinds_.find(kind);
  if (found == kinds_.end()) found = kinds_.emplace(std::string(kind), Kind{}).first;
  Kind& state = found->second;
  ++state.count;
  if (loop_.Now() < state.next_log) return;
  state.next_log = loop_.Now() + kPause;
  LogWarning("ignored: {} ({} since this was last said): {}", kind, state.count - state.logged, detail);
  state.logged = state.count;
}

std::uint64_t Complaints::count(std::string_view kind) const {
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? 0 : found->second.count;
}

}  // namespace motley::controller
