#include "controller/dispatch/publisher.h"

#include "common/log/log.h"
#include "common/mqtt/envelope.h"

namespace motley::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Keeps the link's queue short, so that commands and acknowledgements are not behind a whole fleet's desired states.
constexpr std::size_t kMaxPending = 1000;
constexpr milliseconds kPumpPause{20};
constexpr seconds kSweepPause{10};
/// An agent answers a desired state at once. One that does not after this has not got it, or is hung.
constexpr seconds kFirstPause{10};
constexpr seconds kLongestPause{300};

}  // namespace

Publisher::Publisher(Loop& loop, Store& store, Registry& registry, Send send, std::function<std::size_t()> pending)
    : loop_(loop), store_(store), registry_(registry), send_(std::move(send)), pending_(std::move(pending)) {}

void Publisher::OnConnected() {
  connected_ = true;
  unseen_.clear();
  for (const auto& [id, twin] : registry_.twins()) {
    if (!twin.HasSeenDesired() || twin.HasPredecessorOnly()) due_.insert(id);
  }
  clearing_.clear();
  if (const auto ids = store_.gateways().Uncleared(); !ids) {
    LogError("retained messages of removed gateways can not be cleared: {}; it is tried again with the next connection",
             ids.error().message);
  } else {
    uncleared_ = {ids->begin(), ids->end()};
    due_.insert(ids->begin(), ids->end());
  }
  sweep_timer_ = loop_.After(kSweepPause, [this] { Sweep(); });
  Pump();
}

void Publisher::OnDisconnected() {
  connected_ = false;
  pump_timer_.Reset();
  sweep_timer_.Reset();
}

void Publisher::OnChanged(const std::string& gateway) {
  due_.insert(gateway);
  unseen_.erase(gateway);
  if (registry_.Find(gateway) == nullptr) {
    uncleared_.insert(gateway);
    clearing_.erase(gateway);
  }
  // Many change at once: they are published together, once the caller is done.
  if (connected_) pump_timer_ = loop_.After(milliseconds(0), [this] { Pump(); });
}

void Publisher::OnReported(const std::string& gateway) {
  const Twin* twin = registry_.Find(gateway);
  if (twin == nullptr) return;
  if (twin->HasSeenDesired()) {
    unseen_.erase(gateway);
  } else if (!unseen_.contains(gateway)) {
    OnChanged(gateway);
  }
}

void Publisher::OnOnline(const std::string& gateway) {
  const Twin* twin = registry_.Find(gateway);
  if (twin != nullptr && !twin->HasSeenDesired()) OnChanged(gateway);
}

void Publisher::Pump() {
  pump_timer_.Reset();
  while (connected_ && !due_.empty() && pending_() < kMaxPending) {
    const std::string gateway = *due_.begin();
    if (!Publish(gateway)) break;
    due_.erase(gateway);
    if (uncleared_.erase(gateway) > 0) clearing_.insert(gateway);
  }
  MarkCleared();
  if (connected_ && !due_.empty()) pump_timer_ = loop_.After(kPumpPause, [this] { Pump(); });
}

Result<void> Publisher::Publish(const std::string& gateway) {
  const Twin* twin = registry_.Find(gateway);
  if (twin == nullptr) {
    for (const Channel channel : {Channel::kDesired, Channel::kReported, Channel::kPresence}) {
      TRY(send_(gateway, channel, "", Retain::kYes));
    }
    return {};
  }
  // One that was added again under an old id has nothing yet, and must not get what the old one had.
  if (twin->desired().revision() == 0) return send_(gateway, Channel::kDesired, "", Retain::kYes);
  TRY(send_(gateway, Channel::kDesired, Seal(twin->desired()), Retain::kYes));
  if (twin->HasSeenDesired()) return {};
  auto [attempt, is_new] = unseen_.try_emplace(gateway, Attempt{loop_.Now(), kFirstPause / 2});
  attempt->second.pause = std::min(attempt->second.pause * 2, kLongestPause);
  attempt->second.next = loop_.Now() + attempt->second.pause;
  return {};
}

void Publisher::MarkCleared() {
  // The link counts messages and names none: none is pending only when these were acknowledged too. A broker may lose
  // even those; then what is left there is ignored, and cleared when the id is used again.
  if (clearing_.empty() || !connected_ || pending_() > 0) return;
  const auto marked = store_.Atomically([&]() -> Result<void> {
    for (const std::string& id : clearing_) TRY(store_.gateways().SetCleared(id));
    return {};
  });
  if (!marked) LogError("the topics of removed gateways are cleared again later: {}", marked.error().message);
  clearing_.clear();
}

void Publisher::Sweep() {
  for (const auto& [gateway, attempt] : unseen_) {
    const Twin* twin = registry_.Find(gateway);
    if (twin != nullptr && twin->online() && attempt.next <= loop_.Now()) due_.insert(gateway);
  }
  sweep_timer_ = loop_.After(kSweepPause, [this] { Sweep(); });
  Pump();
}

}  // namespace motley::controller
