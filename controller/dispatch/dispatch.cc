#include "controller/dispatch/dispatch.h"

#include "common/log/log.h"
#include "common/mqtt/envelope.h"
#include "common/mqtt/topics.h"

namespace motley::controller {
namespace {

constexpr std::chrono::milliseconds kClosePatience{2000};
/// Revisions and sequences above are no agent's of ours; the store's numbers end at 2^63.
constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 62;
constexpr std::size_t kMaxEpoch = 64;

constexpr std::string_view kWrongTopic = "message on a topic that is not of this fleet";
constexpr std::string_view kUnknownGateway = "message of a gateway that is not enrolled";
constexpr std::string_view kGarbage = "message that is no message";
constexpr std::string_view kWrongGateway = "message that is for another gateway than its topic";
constexpr std::string_view kWrongNumbers = "message without sense in epoch, sequence or instance";
constexpr std::string_view kUnasked = "log reply that nobody waits for";

Result<void> CheckNumbers(const std::string& epoch, std::initializer_list<std::uint64_t> numbers) {
  if (epoch.empty() || epoch.size() > kMaxEpoch) return Error{Code::kInvalid, "epoch \"" + epoch.substr(0, 80) + "\""};
  for (const std::uint64_t number : numbers) {
    if (number > kMaxNumber) return Error{Code::kInvalid, "number " + std::to_string(number)};
  }
  return {};
}

Result<void> Check(const v1::ReportedState& report) {
  return CheckNumbers(report.epoch(), {report.sequence(), report.desired_revision(), report.deployment().revision()});
}

Result<void> Check(const v1::TelemetryBatch& batch) {
  TRY(CheckNumbers(batch.epoch(), {batch.sequence(), batch.previous(), batch.dropped()}));
  if (batch.sequence() == 0 || batch.previous() >= batch.sequence()) {
    return Error{Code::kInvalid,
                 "batch " + std::to_string(batch.sequence()) + " after " + std::to_string(batch.previous())};
  }
  return {};
}

Result<void> Check(const v1::Presence& presence) { return CheckNumbers(presence.instance(), {}); }

Result<void> Check(const v1::LogReply&) { return {}; }

/// Takes a message out of a payload; nothing, and a complaint, when it is not one that `gateway` may have sent.
template <typename Message>
std::optional<Message> Open(const std::string& gateway, const std::string& payload, Complaints& complaints) {
  Message message;
  if (auto opened = Unseal(payload, message); !opened) {
    complaints.Add(kGarbage, "gateway " + gateway + ": " + opened.error().message);
  } else if (message.gateway() != gateway) {
    complaints.Add(kWrongGateway, "\"" + message.gateway().substr(0, 80) + "\" on the topic of gateway " + gateway);
  } else if (auto checked = Check(message); !checked) {
    complaints.Add(kWrongNumbers, "gateway " + gateway + ": " + checked.error().message);
  } else {
    return message;
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Dispatch>> Dispatch::Create(Loop& loop, Store& store, Registry& registry, MqttOptions broker,
                                                   const LinkFactory& make_link) {
  std::unique_ptr<Dispatch> dispatch(new Dispatch(loop, store, registry));
  broker.client_id = "motley-" + registry.fleet() + "-controller";
  for (const Channel channel : {Channel::kReported, Channel::kPresence, Channel::kTelemetry, Channel::kLog}) {
    broker.subscriptions.push_back(TopicOf(registry.fleet(), "+", channel));
  }
  TRY_ASSIGN(dispatch->link_, make_link(std::move(broker), *dispatch));
  registry.SetListener(dispatch.get());
  return dispatch;
}

Dispatch::Dispatch(Loop& loop, Store& store, Registry& registry)
    : registry_(registry),
      complaints_(loop),
      publisher_(
          loop, store, registry, [this](const auto&... arguments) { return SendOn(arguments...); },
          [this] { return link_->pending(); }),
      commands_(loop, registry, [this](const auto&... arguments) { return SendOn(arguments...); }),
      orders_(loop, [this](const std::string& gateway,
                           v1::Command command) { return commands_.SendCommand(gateway, std::move(command)); }),
      ingest_(loop, store, registry, [this](const auto&... arguments) { return SendOn(arguments...); },
              {.reported = [this](const std::string& gateway) { publisher_.OnReported(gateway); },
               .online = [this](const std::string& gateway) { publisher_.OnOnline(gateway); },
               .offline = [this](const std::string& gateway) { OnGone(gateway, "has gone offline"); }}) {}

Dispatch::~Dispatch() { registry_.SetListener(nullptr); }

Result<void> Dispatch::SendOn(const std::string& gateway, Channel channel, std::string payload, Retain retain) {
  return link_->Publish({TopicOf(registry_.fleet(), gateway, channel), std::move(payload), retain});
}

bool Dispatch::connected() const { return link_->connected(); }

void Dispatch::FetchLogs(const std::string& gateway, const v1::LogRequest& request, Commands::LogsDone done) {
  commands_.FetchLogs(gateway, request, std::move(done));
}

Result<void> Dispatch::Retry(const std::string& gateway) { return commands_.Retry(gateway); }

void Dispatch::Close() {
  commands_.Close();
  ingest_.Flush();
  publisher_.OnDisconnected();
  link_->Close(kClosePatience);
}

void Dispatch::OnMqttConnected() { publisher_.OnConnected(); }

void Dispatch::OnMqttDisconnected(const Error&) { publisher_.OnDisconnected(); }

void Dispatch::OnMqttMessage(const std::string& topic, const std::string& payload) {
  const auto parts = ParseTopic(registry_.fleet(), topic);
  if (!parts) return complaints_.Add(kWrongTopic, topic.substr(0, 200));
  // A retained message was cleared, by ourselves as a rule.
  if (payload.empty()) return;
  const std::string& gateway = parts->gateway;
  const Twin* twin = registry_.Find(gateway);
  if (twin == nullptr || !twin->enrolled()) return complaints_.Add(kUnknownGateway, gateway.substr(0, 80));
  switch (parts->channel) {
    case Channel::kReported:
      if (auto report = Open<v1::ReportedState>(gateway, payload, complaints_)) {
        ingest_.Add(*std::move(report), payload.size());
      }
      return;
    case Channel::kPresence:
      if (auto presence = Open<v1::Presence>(gateway, payload, complaints_)) {
        if (registry_.OnPresenceSeen(*presence) == InstanceWatch::Verdict::kStale) return;
        ingest_.Add(*std::move(presence), payload.size());
      }
      return;
    case Channel::kTelemetry:
      if (auto batch = Open<v1::TelemetryBatch>(gateway, payload, complaints_)) {
        ingest_.Add(*std::move(batch), payload.size());
      }
      return;
    case Channel::kLog:
      if (const auto reply = Open<v1::LogReply>(gateway, payload, complaints_)) {
        if (!commands_.OnLogReply(*reply) && !orders_.OnReply(*reply)) complaints_.Add(kUnasked, "gateway " + gateway);
      }
      return;
    default:
      complaints_.Add(kWrongTopic, topic.substr(0, 200));
  }
}

void Dispatch::OnDesiredChanged(const std::string& gateway) { publisher_.OnChanged(gateway); }

void Dispatch::OnGatewayRemoved(const std::string& gateway) {
  OnGone(gateway, "was removed");
  publisher_.OnChanged(gateway);
}

void Dispatch::OnGone(const std::string& gateway, std::string_view why) {
  commands_.OnGone(gateway, why);
  orders_.OnGone(gateway, why);
}

}  // namespace motley::controller
