#include "agent/link/outbox.h"

#include "common/log/log.h"
#include "common/mqtt/envelope.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

/// A batch this large is closed at once: an envelope must stay below kMaxMessageBytes.
constexpr std::size_t kBatchBytes = 128 * 1024;
/// What is held in memory while the store can not be written.
constexpr std::size_t kMaxCollected = 512 * 1024;
/// Batches on the way. Enough to fill the line, few enough to send again.
constexpr std::uint64_t kWindow = 32;

}  // namespace

Outbox::Outbox(Loop& loop, Store& store, Options options, std::function<bool(std::string)> send)
    : loop_(loop), store_(store), options_(std::move(options)), send_(std::move(send)) {}

void Outbox::Add(v1::Sample sample) {
  if (collecting_bytes_ > kMaxCollected) return;
  const std::size_t bytes = sample.ByteSizeLong();
  *collecting_.add_samples() = std::move(sample);
  Collected(bytes, options_.collect);
}

void Outbox::Add(v1::DeviceLine line) {
  if (collecting_bytes_ > kMaxCollected) return;
  const std::size_t bytes = line.ByteSizeLong();
  *collecting_.add_lines() = std::move(line);
  Collected(bytes, options_.collect);
}

void Outbox::Add(v1::Event event) {
  if (collecting_bytes_ > kMaxCollected) return;
  const std::size_t bytes = event.ByteSizeLong();
  *collecting_.add_events() = std::move(event);
  Collected(bytes, options_.collect_event);
}

void Outbox::Collected(std::size_t bytes, milliseconds patience) {
  const bool first = collecting_bytes_ == 0;
  collecting_bytes_ += bytes + 4;  // tag and length
  if (collecting_bytes_ >= kBatchBytes && !store_failed_) return Flush();
  const auto at = loop_.Now() + patience;
  if (!first && at >= flush_at_) return;
  flush_at_ = at;
  flush_timer_ = loop_.After(patience, [this] { Flush(); });
}

void Outbox::Flush() {
  flush_timer_.Reset();
  if (collecting_bytes_ == 0) return;
  auto stored = store_.AppendBatch(collecting_.SerializeAsString(), options_.limit_bytes);
  if (!stored) {
    if (!std::exchange(store_failed_, true)) LogError("telemetry can not be stored: {}", stored.error().message);
    flush_timer_ = loop_.After(options_.collect, [this] { Flush(); });
    return;
  }
  store_failed_ = false;
  collecting_.Clear();
  collecting_bytes_ = 0;
  Pump();
}

void Outbox::OnConnected() {
  connected_ = true;
  sent_ = 0;
  Pump();
}

void Outbox::OnDisconnected() {
  connected_ = false;
  resend_timer_.Reset();
}

void Outbox::OnAcknowledged(std::uint64_t sequence) {
  if (sequence <= acknowledged_) return;
  const auto last = store_.LastBatch();
  if (last && sequence > *last) {
    // The controller has more of this epoch than there ever was here: nothing in the queue is what it means.
    LogWarning("this state folder was put back from an old copy: telemetry begins a new epoch");
    if (auto renewed = store_.RenewEpoch(); !renewed) LogError("{}", renewed.error().message);
    sent_ = 0;
    Pump();
    return;
  }
  if (auto dropped = store_.DropBatches(sequence); !dropped) {
    // It is sent again and acknowledged again.
    LogError("{}", dropped.error().message);
    return;
  }
  acknowledged_ = sequence;
  resend_timer_.Reset();
  Pump();
  ExpectAcknowledgement();
}

void Outbox::Pump() {
  while (connected_ && sent_ < acknowledged_ + kWindow) {
    auto batch = store_.BatchAfter(std::max(sent_, acknowledged_));
    if (!batch) {
      LogError("{}", batch.error().message);
      return;
    }
    if (!*batch) return;
    v1::TelemetryBatch message;
    if (!message.ParseFromString((*batch)->bytes)) LogError("batch {} in the queue is damaged", (*batch)->sequence);
    auto dropped = store_.DroppedBatches();
    message.set_gateway(options_.gateway);
    message.set_epoch(store_.epoch());
    message.set_sequence((*batch)->sequence);
    message.set_previous((*batch)->previous);
    message.set_dropped(dropped ? *dropped : 0);
    if (!send_(Seal(message))) return;
    // After a restart what was acknowledged before is not in the queue: the window starts at the first batch there is.
    acknowledged_ = std::max(acknowledged_, (*batch)->previous == 0 ? (*batch)->sequence - 1 : 0);
    sent_ = (*batch)->sequence;
    ExpectAcknowledgement();
  }
}

void Outbox::ExpectAcknowledgement() {
  if (sent_ <= acknowledged_) return;
  resend_timer_ = loop_.After(options_.resend, [this] {
    sent_ = 0;
    Pump();
  });
}

}  // namespace motley::agent
