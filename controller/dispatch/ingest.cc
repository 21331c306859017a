#include "controller/dispatch/ingest.h"

#include "common/log/log.h"
#include "common/mqtt/envelope.h"
#include "controller/dispatch/ingest_rules.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

using std::chrono::milliseconds;

/// A durable transaction takes milliseconds whatever is in it: this makes 16,000 messages a second possible, and an
/// acknowledgement is never late by more than a person would notice.
constexpr milliseconds kPatience{20};
constexpr std::size_t kMaxMessages = 500;
/// What is kept while the store can not be written.
constexpr std::size_t kMaxQueued = 20'000;
constexpr std::size_t kMaxQueuedBytes = std::size_t{64} * 1024 * 1024;
constexpr milliseconds kRetry{5000};

const std::string& GatewayOf(const std::variant<v1::ReportedState, v1::Presence, v1::TelemetryBatch>& message) {
  return std::visit([](const auto& body) -> const std::string& { return body.gateway(); }, message);
}

}  // namespace

Ingest::Ingest(Loop& loop, Store& store, Registry& registry, Send send, Handlers handlers)
    : loop_(loop), store_(store), registry_(registry), send_(std::move(send)), handlers_(std::move(handlers)) {}

void Ingest::Queue(Message message, std::size_t bytes) {
  // Not acknowledged, so it comes again.
  if (queue_.size() >= kMaxQueued || queue_bytes_ + bytes > kMaxQueuedBytes) return;
  queue_.emplace_back(std::move(message), bytes);
  queue_bytes_ += bytes;
  if (postponed_) return;
  if (queue_.size() >= kMaxMessages) return Flush();
  if (queue_.size() == 1) timer_ = loop_.After(kPatience, [this] { Flush(); });
}

void Ingest::Flush() {
  timer_.Reset();
  while (!queue_.empty()) {
    const std::size_t count = std::min(queue_.size(), kMaxMessages);
    Effects effects;
    auto stored = store_.Atomically([&]() -> Result<void> {
      for (std::size_t i = 0; i < count; ++i) TRY(Apply(queue_[i].first, effects));
      return {};
    });
    if (!stored && stored.error().code == Code::kUnavailable) return Postpone(stored.error());
    if (!stored) return StoreOneByOne();
    for (std::size_t i = 0; i < count; ++i) {
      queue_bytes_ -= queue_.front().second;
      queue_.pop_front();
    }
    if (std::exchange(postponed_, false)) LogInfo("what gateways send is stored again");
    Perform(effects);
  }
}

void Ingest::StoreOneByOne() {
  // One message that can not be stored must not keep the others from it.
  while (!queue_.empty()) {
    Effects effects;
    auto stored = store_.Atomically([&] { return Apply(queue_.front().first, effects); });
    if (!stored && stored.error().code == Code::kUnavailable) return Postpone(stored.error());
    if (!stored) {
      LogError("a message of gateway {} can not be stored and is dropped: {}", GatewayOf(queue_.front().first),
               stored.error().message);
    }
    queue_bytes_ -= queue_.front().second;
    queue_.pop_front();
    if (stored) Perform(effects);
  }
}

void Ingest::Postpone(const Error& error) {
  if (!std::exchange(postponed_, true)) {
    LogError("what gateways send can not be stored and is not acknowledged: {}; it is tried again", error.message);
  }
  timer_ = loop_.After(kRetry, [this] { Flush(); });
}

Result<void> Ingest::Apply(const Message& message, Effects& effects) {
  // It may have been removed since.
  const Twin* twin = registry_.Find(GatewayOf(message));
  if (twin == nullptr) return {};
  if (const auto* report = std::get_if<v1::ReportedState>(&message)) return ApplyReport(*twin, *report, effects);
  if (const auto* presence = std::get_if<v1::Presence>(&message)) return ApplyPresence(*twin, *presence, effects);
  return ApplyTelemetry(*twin, std::get<v1::TelemetryBatch>(message), effects);
}

Result<void> Ingest::ApplyReport(const Twin& twin, const v1::ReportedState& report, Effects& effects) {
  const std::int64_t number = twin.record.number;
  TRY_ASSIGN(const auto stored, store_.reports().FindReport(number));
  TRY_ASSIGN(const auto epoch, store_.reports().FindEpoch(number, report.epoch()));
  std::uint64_t acknowledged = report.sequence();
  if (stored) {
    const auto verdict = JudgeReport({stored->epoch, stored->sequence, stored->reported_us},
                                     {report.epoch(), report.sequence(), ToMicros(report.reported_at())},
                                     epoch ? EpochSeen::kBefore : EpochSeen::kNever);
    if (verdict == ReportVerdict::kStale) return {};
    if (verdict == ReportVerdict::kStoredBefore) acknowledged = stored->sequence;
  }
  if (!epoch) TRY(store_.reports().PutEpoch(number, report.epoch(), {}, WallMicros(loop_)));
  if (!stored || acknowledged != stored->sequence || stored->epoch != report.epoch()) {
    TRY(store_.reports().PutReport(number, report));
    effects.reports.push_back(report);
  }
  effects.acks[{twin.id(), report.epoch()}].set_reported_sequence(acknowledged);
  return {};
}

Result<void> Ingest::ApplyPresence(const Twin& twin, const v1::Presence& presence, Effects& effects) {
  const auto earlier = effects.presences.find(twin.id());
  const bool known = earlier != effects.presences.end() || twin.record.gateway.has_presence_since();
  const bool online = earlier != effects.presences.end() ? earlier->second.first : twin.online();
  if (known && online == presence.online()) return {};
  const std::int64_t now = WallMicros(loop_);
  TRY(store_.gateways().SetPresence(twin.record.number, presence.online(), now));
  effects.presences[twin.id()] = {presence.online(), now};
  return {};
}

Result<void> Ingest::ApplyTelemetry(const Twin& twin, const v1::TelemetryBatch& batch, Effects& effects) {
  const std::int64_t number = twin.record.number;
  TRY_ASSIGN(const auto found, store_.reports().FindEpoch(number, batch.epoch()));
  EpochRecord epoch = found.value_or(EpochRecord{});
  if (JudgeTelemetry(epoch.telemetry_sequence, batch.previous(), batch.sequence()) == TelemetryVerdict::kStore) {
    TRY(store_.telemetry().Append(number, batch));
    epoch.telemetry_sequence = batch.sequence();
    epoch.dropped = batch.dropped();
    TRY(store_.reports().PutEpoch(number, batch.epoch(), epoch, WallMicros(loop_)));
  }
  effects.acks[{twin.id(), batch.epoch()}].set_telemetry_sequence(epoch.telemetry_sequence);
  return {};
}

void Ingest::Perform(const Effects& effects) {
  for (const v1::ReportedState& report : effects.reports) registry_.OnReportStored(report);
  for (const auto& [gateway, presence] : effects.presences) {
    registry_.OnPresenceStored(gateway, presence.first, presence.second);
  }
  for (const auto& [key, fields] : effects.acks) {
    v1::Ack ack = fields;
    ack.set_epoch(key.second);
    // Lost with the connection, and made again when the agent sends again.
    (void)send_(key.first, Channel::kAck, Seal(ack), Retain::kNo);
  }
  for (const v1::ReportedState& report : effects.reports) handlers_.reported(report.gateway());
  for (const auto& [gateway, presence] : effects.presences) {
    (presence.first ? handlers_.online : handlers_.offline)(gateway);
  }
}

}  // namespace motley::controller
