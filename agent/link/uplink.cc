#include "agent/link/uplink.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/mqtt/envelope.h"
#include "common/mqtt/topics.h"

namespace motley::agent {
namespace {

using google::protobuf::util::TimeUtil;
using std::chrono::milliseconds;

/// Leaves room for the envelope.
constexpr std::size_t kMaxLogReplyBytes = kMaxMessageBytes - 64 * 1024;
constexpr milliseconds kCloseTimeout{2000};
/// More than a gateway has devices.
constexpr std::size_t kRememberedOrders = 256;

google::protobuf::Timestamp Now(const Loop& loop) { return TimeUtil::MicrosecondsToTimestamp(WallMicros(loop)); }

bool Expired(const Loop& loop, const google::protobuf::Timestamp& at) {
  return TimeUtil::TimestampToMicroseconds(at) < WallMicros(loop);
}

}  // namespace

Result<std::unique_ptr<Uplink>> Uplink::Create(Loop& loop, Store& store, Options options, UplinkHandlers handlers) {
  std::unique_ptr<Uplink> uplink(new Uplink(loop, store, std::move(options), std::move(handlers)));
  const Identity& identity = uplink->options_.identity;
  MqttOptions mqtt;
  mqtt.url = identity.broker_url;
  mqtt.client_id = "motley-" + identity.fleet + "-" + identity.gateway;
  mqtt.ca_file = uplink->options_.ca_file;
  mqtt.will = MqttMessage{uplink->Topic(Channel::kPresence), uplink->PresencePayload(false), Retain::kYes};
  mqtt.subscriptions = {uplink->Topic(Channel::kDesired), uplink->Topic(Channel::kCommand),
                        uplink->Topic(Channel::kAck)};
  TRY_ASSIGN(uplink->link_, MqttLink::Create(loop, std::move(mqtt), *uplink));
  return uplink;
}

Uplink::Uplink(Loop& loop, Store& store, Options options, UplinkHandlers handlers)
    : loop_(loop),
      store_(store),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      instance_(RandomHex(8)),
      outbox_(loop, store, options_.outbox, [this](std::string payload) {
        return link_->Publish({Topic(Channel::kTelemetry), std::move(payload), Retain::kNo}).has_value();
      }) {}

Uplink::~Uplink() = default;

std::string Uplink::Topic(Channel channel) const {
  return TopicOf(options_.identity.fleet, options_.identity.gateway, channel);
}

std::string Uplink::PresencePayload(bool online) const {
  v1::Presence presence;
  presence.set_gateway(options_.identity.gateway);
  presence.set_online(online);
  presence.set_instance(instance_);
  *presence.mutable_since() = Now(loop_);
  return Seal(presence);
}

void Uplink::OnMqttConnected() {
  (void)link_->Publish({Topic(Channel::kPresence), PresencePayload(true), Retain::kYes});
  SendReport();
  outbox_.OnConnected();
  for (v1::LogReply& reply : std::exchange(answers_, {})) Answer(std::move(reply));
}

void Uplink::OnMqttDisconnected(const Error& reason) {
  if (reason.message.find("same id") != std::string::npos) {
    LogError("another agent is connected as gateway {}: was this gateway's state folder copied? Enrol the copy anew",
             options_.identity.gateway);
  }
  outbox_.OnDisconnected();
}

void Uplink::ReportChanged() {
  if (std::exchange(report_scheduled_, true)) return;
  report_timer_ = loop_.After(options_.report_delay, [this] {
    report_scheduled_ = false;
    report_.clear();
    SendReport();
  });
}

void Uplink::SendReport() {
  if (report_.empty()) {
    auto sequence = store_.NextReportedSequence();
    if (!sequence) {
      LogError("the report can not be numbered: {}", sequence.error().message);
      report_timer_ = loop_.After(options_.report_resend, [this] { SendReport(); });
      return;
    }
    v1::ReportedState report;
    handlers_.report(report);
    report.set_gateway(options_.identity.gateway);
    report.set_epoch(store_.epoch());
    report.set_sequence(*sequence);
    *report.mutable_reported_at() = Now(loop_);
    report_ = Seal(report);
    report_sequence_ = *sequence;
  }
  if (!link_->connected()) return;
  (void)link_->Publish({Topic(Channel::kReported), report_, Retain::kYes});
  if (report_scheduled_) return;
  report_timer_ = loop_.After(options_.report_resend, [this] {
    if (report_acknowledged_ < report_sequence_) SendReport();
  });
}

void Uplink::OnMqttMessage(const std::string& topic, const std::string& payload) {
  const auto parts = ParseTopic(options_.identity.fleet, topic);
  if (!parts || parts->gateway != options_.identity.gateway) return;
  if (parts->channel == Channel::kDesired) OnDesired(payload);
  if (parts->channel == Channel::kCommand) OnCommand(payload);
  if (parts->channel == Channel::kAck) OnAck(payload);
}

void Uplink::OnDesired(const std::string& payload) {
  if (payload.empty()) {
    LogWarning("the controller has removed gateway {}; what runs goes on running", options_.identity.gateway);
    return;
  }
  v1::DesiredState desired;
  if (auto opened = Unseal(payload, desired); !opened) {
    LogWarning("desired state ignored: {}", opened.error().message);
  } else if (desired.gateway() != options_.identity.gateway) {
    LogWarning("desired state ignored: it is for gateway \"{}\"", desired.gateway());
  } else if (desired.has_expires_at() && Expired(loop_, desired.expires_at())) {
    LogWarning("desired state {} ignored: it expired at {}", desired.revision(),
               TimeUtil::ToString(desired.expires_at()));
  } else {
    handlers_.desired(desired);
  }
}

void Uplink::OnAck(const std::string& payload) {
  v1::Ack ack;
  if (auto opened = Unseal(payload, ack); !opened) {
    LogWarning("acknowledgement ignored: {}", opened.error().message);
    return;
  }
  if (ack.epoch() != store_.epoch()) return;
  report_acknowledged_ = std::max(report_acknowledged_, ack.reported_sequence());
  outbox_.OnAcknowledged(ack.telemetry_sequence());
}

void Uplink::OnCommand(const std::string& payload) {
  v1::Command command;
  if (auto opened = Unseal(payload, command); !opened) {
    LogWarning("command ignored: {}", opened.error().message);
    return;
  }
  if (command.gateway() != options_.identity.gateway || Expired(loop_, command.expires_at())) {
    LogWarning("command {} ignored: it has expired or is not for this gateway", command.id());
    return;
  }
  switch (command.command_case()) {
    case v1::Command::kLogs:
      return SendLogs(command);
    case v1::Command::kRetry:
      return handlers_.retry();
    case v1::Command::kResetDevice:
    case v1::Command::kFlashDevice:
      return OrderDevice(command);
    case v1::Command::COMMAND_NOT_SET:
      LogWarning("command {} ignored: this version does not know it", command.id());
  }
}

void Uplink::SendLogs(const v1::Command& command) {
  v1::LogReply reply;
  reply.set_id(command.id());
  reply.set_gateway(options_.identity.gateway);
  auto lines = handlers_.logs(command.logs());
  if (!lines) {
    reply.set_error(lines.error().message);
  } else {
    // The newest that fit.
    std::size_t bytes = 0;
    std::size_t first = lines->size();
    while (first > 0 && bytes < kMaxLogReplyBytes) bytes += (*lines)[--first].ByteSizeLong() + 4;
    if (bytes >= kMaxLogReplyBytes) ++first;
    for (std::size_t i = first; i < lines->size(); ++i) *reply.add_lines() = std::move((*lines)[i]);
  }
  (void)link_->Publish({Topic(Channel::kLog), Seal(reply), Retain::kNo});
}

void Uplink::OrderDevice(const v1::Command& command) {
  if (std::find(orders_.begin(), orders_.end(), command.id()) != orders_.end()) return;
  orders_.push_back(command.id());
  if (orders_.size() > kRememberedOrders) orders_.pop_front();
  handlers_.device(command, [this, id = command.id()](const Result<std::string>& done) {
    v1::LogReply reply;
    reply.set_id(id);
    reply.set_gateway(options_.identity.gateway);
    if (done) {
      reply.set_done(*done);
    } else {
      reply.set_error(done.error().message);
      reply.set_error_code(std::string(CodeName(done.error().code)));
    }
    Answer(std::move(reply));
  });
}

void Uplink::Answer(v1::LogReply reply) {
  if (link_->Publish({Topic(Channel::kLog), Seal(reply), Retain::kNo})) return;
  answers_.push_back(std::move(reply));
  if (answers_.size() > kRememberedOrders) answers_.pop_front();
}

void Uplink::Close() {
  outbox_.Flush();
  (void)link_->Publish({Topic(Channel::kPresence), PresencePayload(false), Retain::kYes});
  link_->Close(kCloseTimeout);
}

}  // namespace motley::agent
