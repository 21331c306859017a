#include "tools/swarm/gateway.h"

#include <google/protobuf/util/time_util.h>

#include <cmath>
#include <utility>

#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/mqtt/envelope.h"
#include "tools/swarm/machine.h"

namespace motley::swarm {
namespace {

using google::protobuf::util::TimeUtil;
using std::chrono::milliseconds;

// As an agent's.
constexpr milliseconds kReportDelay{20};
constexpr milliseconds kResend{10'000};
constexpr milliseconds kLookAgain{10};

google::protobuf::Timestamp TimestampOf(std::chrono::system_clock::time_point time) {
  return TimeUtil::MicrosecondsToTimestamp(
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

}  // namespace

SimulatedGateway::SimulatedGateway(Loop& loop, const Behaviour& behaviour, BundleCache& bundles, Traffic& traffic,
                                   Attributes machine)
    : loop_(loop),
      behaviour_(behaviour),
      bundles_(bundles),
      traffic_(traffic),
      machine_(std::move(machine)),
      epoch_(RandomHex(8)),
      instance_(RandomHex(8)) {}

SimulatedGateway::~SimulatedGateway() = default;

Result<void> SimulatedGateway::Connect(const Enrolled& identity) {
  identity_ = identity;
  offline_ = false;
  MqttOptions mqtt;
  mqtt.url = identity.broker_url;
  mqtt.client_id = "motley-" + identity.fleet + "-" + name();
  mqtt.ca_file = behaviour_.ca_file;
  const auto topic = [&](Channel channel) { return TopicOf(identity.fleet, name(), channel); };
  mqtt.will = MqttMessage{topic(Channel::kPresence), PresencePayload(false), Retain::kYes};
  mqtt.subscriptions = {topic(Channel::kDesired), topic(Channel::kCommand), topic(Channel::kAck)};
  TRY_ASSIGN(link_, MqttLink::Create(loop_, std::move(mqtt), *this));
  return {};
}

void SimulatedGateway::GoOffline() {
  if (link_ == nullptr || offline_) return;
  if (link_->connected()) Send(Channel::kPresence, PresencePayload(false), Retain::kYes);
  offline_ = true;
  for (Handle* timer : {&report_timer_, &sample_timer_, &telemetry_timer_, &deploy_timer_}) timer->Reset();
  CloseWhenSent();
}

void SimulatedGateway::CloseWhenSent() {
  // Not at once: this may be called by the link.
  close_timer_ = loop_.After(kLookAgain, [this] {
    if (link_->connected() && link_->pending() > 0) return CloseWhenSent();
    link_.reset();
  });
}

Result<void> SimulatedGateway::GoOnline() {
  if (!enrolled()) return Error{Code::kConflict, "gateway " + name() + " is not enrolled yet; wait until it is"};
  if (!offline_) return Error{Code::kConflict, "gateway " + name() + " is online already"};
  close_timer_.Reset();
  return Connect(identity_);
}

void SimulatedGateway::SetMachine(Attributes machine) {
  machine_ = std::move(machine);
  ReportSoon();
}

void SimulatedGateway::OnMqttConnected() {
  if (offline_) return;
  Send(Channel::kPresence, PresencePayload(true), Retain::kYes);
  SendReport();
  if (deployment_.state() == v1::Deployment::STATE_FETCHING || deployment_.state() == v1::Deployment::STATE_APPLYING) {
    Begin();
  }
  if (behaviour_.telemetry_interval.count() == 0) return;
  SendTelemetryAgain();
  // Each at a moment of its own, so that the load is even.
  const auto phase = Mix(behaviour_.seed, name()) % static_cast<std::uint64_t>(behaviour_.telemetry_interval.count());
  sample_timer_ = loop_.After(milliseconds(phase), [this] { Sample(); });
}

void SimulatedGateway::OnMqttDisconnected(const Error&) {
  report_timer_.Reset();
  sample_timer_.Reset();
  telemetry_timer_.Reset();
}

void SimulatedGateway::OnMqttMessage(const std::string& topic, const std::string& payload) {
  ++traffic_.received;
  const auto parts = ParseTopic(identity_.fleet, topic);
  if (offline_ || !parts || parts->gateway != name()) return;
  if (parts->channel == Channel::kDesired) OnDesired(payload);
  if (parts->channel == Channel::kCommand) OnCommand(payload);
  if (parts->channel == Channel::kAck) OnAck(payload);
}

void SimulatedGateway::OnDesired(const std::string& payload) {
  // Cleared: the gateway was removed, and what runs goes on running.
  if (payload.empty()) return;
  v1::DesiredState desired;
  if (const auto opened = Unseal(payload, desired); !opened) {
    return LogWarning("gateway {}: desired state ignored: {}", name(), opened.error().message);
  }
  if (desired.gateway() != name()) {
    return LogWarning("gateway {}: desired state ignored: it is for \"{}\"", name(), desired.gateway());
  }
  if (desired.has_expires_at() && TimeUtil::TimestampToMicroseconds(desired.expires_at()) < WallMicros(loop_)) {
    return LogWarning("gateway {}: desired state {} ignored: it expired", name(), desired.revision());
  }
  if (deployment_.Accept(desired) == Deployment::Answer::kNew) Begin();
}

void SimulatedGateway::OnCommand(const std::string& payload) {
  v1::Command command;
  if (!Unseal(payload, command) || command.gateway() != name()) return;
  if (TimeUtil::TimestampToMicroseconds(command.expires_at()) < WallMicros(loop_)) return;
  if (command.has_retry() && deployment_.Retry() == Deployment::Answer::kNew) Begin();
  if (!command.has_logs()) return;
  v1::LogReply reply;
  reply.set_id(command.id());
  reply.set_gateway(name());
  v1::LogLine& line = *reply.add_lines();
  line.set_time_us(WallMicros(loop_));
  line.set_component(command.logs().component());
  line.set_stream("agent");
  line.set_text("gateway " + name() + " is simulated: nothing runs here that could write lines");
  Send(Channel::kLog, Seal(reply), Retain::kNo);
}

void SimulatedGateway::OnAck(const std::string& payload) {
  v1::Ack ack;
  if (!Unseal(payload, ack) || ack.epoch() != epoch_) return;
  acknowledged_ = std::max(acknowledged_, std::min(ack.reported_sequence(), sequence_));
  telemetry_.Acknowledge(ack.telemetry_sequence());
  if (telemetry_.empty()) telemetry_timer_.Reset();
}

// --- deployment ---

Deployment::FindModel SimulatedGateway::Finder() const {
  return [this](const v1::ArtifactRef& bundle) { return bundles_.Find(bundle); };
}

void SimulatedGateway::Begin() {
  changed_at_ = loop_.WallNow();
  if (!deployment_.HasAll(Finder())) return ReportSoon();
  if (behaviour_.deploy_time.count() == 0) return Finish();
  deployment_.Apply();
  ReportSoon();
  deploy_timer_ = loop_.After(Share(behaviour_.deploy_time), [this] { Finish(); });
}

void SimulatedGateway::OnBundleLoaded() {
  if (!offline_ && deployment_.state() == v1::Deployment::STATE_FETCHING) Begin();
}

void SimulatedGateway::Finish() {
  deploy_timer_.Reset();
  changed_at_ = loop_.WallNow();
  if (Fails()) {
    deployment_.Fail("the swarm was told to let it fail");
  } else {
    deployment_.Succeed();
  }
  ReportSoon();
}

bool SimulatedGateway::Fails() const {
  return fate_ == Fate::kFails || Mix(behaviour_.seed + 1, name()) % 100 < behaviour_.fail_percent;
}

milliseconds SimulatedGateway::Share(milliseconds of) const {
  // Half to one and a half of it.
  const auto thousandths = static_cast<milliseconds::rep>(500 + Mix(behaviour_.seed + 2, name()) % 1000);
  return milliseconds(of.count() * thousandths / 1000);
}

// --- what it sends ---

void SimulatedGateway::Send(Channel channel, std::string payload, Retain retain) {
  // What is lost is sent again with the next connection, or when no acknowledgement comes.
  if (link_->Publish({TopicOf(identity_.fleet, name(), channel), std::move(payload), retain})) ++traffic_.sent;
}

std::string SimulatedGateway::PresencePayload(bool online) const {
  v1::Presence presence;
  presence.set_gateway(name());
  presence.set_online(online);
  presence.set_instance(instance_);
  *presence.mutable_since() = TimestampOf(loop_.WallNow());
  return Seal(presence);
}

v1::ReportedState SimulatedGateway::Report() const {
  v1::ReportedState report;
  report.set_gateway(name());
  report.set_epoch(epoch_);
  report.set_sequence(sequence_);
  report.set_agent_version("swarm " MOTLEY_VERSION);
  *report.mutable_context() = ContextOf(machine_);
  deployment_.Report(Finder(), report);
  if (report.has_deployment()) *report.mutable_deployment()->mutable_changed_at() = TimestampOf(changed_at_);
  for (const v1::Board& board : report.context().boards()) {
    v1::ReportedDevice& device = *report.add_devices();
    device.set_id(board.serial_number());
    device.set_board(board.type());
    device.set_port(board.port());
    device.set_present(true);
  }
  return report;
}

void SimulatedGateway::ReportSoon() {
  report_due_ = true;
  if (connected()) report_timer_ = loop_.After(kReportDelay, [this] { SendReport(); });
}

void SimulatedGateway::SendReport() {
  if (std::exchange(report_due_, false)) {
    ++sequence_;
    v1::ReportedState report = Report();
    *report.mutable_reported_at() = TimestampOf(loop_.WallNow());
    report_ = Seal(report);
  } else {
    ++traffic_.sent_again;
  }
  Send(Channel::kReported, report_, Retain::kYes);
  report_timer_ = loop_.After(kResend, [this] {
    if (acknowledged_ < sequence_) SendReport();
  });
}

void SimulatedGateway::Sample() {
  static constexpr const char* kMetrics[] = {"cpu_percent",   "memory_bytes",   "disk_used_bytes",
                                             "temperature_c", "network_rx_bps", "network_tx_bps"};
  v1::TelemetryBatch batch;
  batch.set_gateway(name());
  batch.set_epoch(epoch_);
  for (std::uint32_t i = 0; i < behaviour_.samples_per_batch; ++i, ++samples_) {
    v1::Sample& sample = *batch.add_samples();
    sample.set_time_us(WallMicros(loop_));
    sample.set_source("gateway");
    sample.set_metric(kMetrics[i % std::size(kMetrics)]);
    sample.set_value(50 + 40 * std::sin(static_cast<double>(samples_) / 20));
  }
  const bool waits = !telemetry_.empty();
  telemetry_.Push(std::move(batch));
  Send(Channel::kTelemetry, Seal(telemetry_.Last()), Retain::kNo);
  if (!waits) telemetry_timer_ = loop_.After(kResend, [this] { SendTelemetryAgain(); });
  sample_timer_ = loop_.After(behaviour_.telemetry_interval, [this] { Sample(); });
}

void SimulatedGateway::SendTelemetryAgain() {
  telemetry_timer_.Reset();
  for (const v1::TelemetryBatch& batch : telemetry_.Batches()) {
    ++traffic_.sent_again;
    Send(Channel::kTelemetry, Seal(batch), Retain::kNo);
  }
  if (!telemetry_.empty()) telemetry_timer_ = loop_.After(kResend, [this] { SendTelemetryAgain(); });
}

}  // namespace motley::swarm
