#include "agent/kinds/exit_waits.h"

namespace motley::agent {

void ExitWaits::Wait(const std::string& key, UniqueFd process, std::chrono::milliseconds at_most,
                     std::function<void()> done) {
  const bool nothing = !process;
  auto [place, is_new] = pending_.try_emplace(key);
  CHECK(is_new);
  auto& pending = place->second;
  pending.process = std::move(process);
  pending.done = std::move(done);
  if (!nothing) pending.watch = loop_.WatchReadable(pending.process.get(), [this, key] { Finish(key); });
  pending.timer = loop_.After(nothing ? std::chrono::milliseconds(0) : at_most, [this, key] { Finish(key); });
}

void ExitWaits::Finish(const std::string& key) {
  const auto place = pending_.find(key);
  if (place == pending_.end()) return;
  // `key` may live in the task of a handle that ends here.
  auto node = pending_.extract(place);
  node.mapped().done();
}

}  // namespace motley::agent
