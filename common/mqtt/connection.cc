#include "common/mqtt/connection.h"

#include <mqtt/async_client.h>
#include <poll.h>

#include <atomic>

namespace motley {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kKeepAlive{15};
constexpr seconds kConnectTimeout{10};
constexpr int kQos = 1;
// MQTT 5, section 3.14.2.1, and MQTT 3.1.1, table 3.1.
constexpr int kSessionTakenOver = 0x8E;
constexpr int kUnsupportedVersion5 = 0x84;
constexpr int kUnsupportedVersion311 = 1;

mqtt::connect_options ConnectOptions(const MqttOptions& options, MqttVersion version) {
  mqtt::connect_options_builder builder;
  builder.keep_alive_interval(kKeepAlive).connect_timeout(kConnectTimeout).automatic_reconnect(false);
  if (version == MqttVersion::k5) {
    builder.mqtt_version(MQTTVERSION_5).clean_start(true);
  } else {
    builder.mqtt_version(MQTTVERSION_3_1_1).clean_session(true);
  }
  if (!options.user.empty()) builder.user_name(options.user).password(options.password);
  if (options.will) {
    builder.will(mqtt::message(options.will->topic, options.will->payload, kQos, options.will->retain == Retain::kYes));
  }
  if (options.url.starts_with("mqtts://")) {
    mqtt::ssl_options ssl;
    if (!options.ca_file.empty()) ssl.set_trust_store(options.ca_file);
    if (!options.certificate_file.empty()) ssl.set_key_store(options.certificate_file);
    if (!options.key_file.empty()) ssl.set_private_key(options.key_file);
    ssl.set_verify(true);
    ssl.set_enable_server_cert_auth(true);
    builder.ssl(std::move(ssl));
  }
  return builder.finalize();
}

/// Paho knows "tcp://" and "ssl://".
std::string PahoUrl(const std::string& url) {
  const bool tls = url.starts_with("mqtts://");
  return (tls ? "ssl://" : "tcp://") + url.substr(tls ? 8 : 7);
}

class PahoConnection final : public MqttConnection, public mqtt::callback {
 public:
  PahoConnection(const MqttOptions& options, MqttVersion version, ConnectionEvents events)
      : options_(options),
        version_(version),
        events_(std::move(events)),
        on_connect_(*this),
        on_subscribe_(*this),
        on_publish_(*this),
        // The two-argument form of create_options would switch buffering on.
        client_(PahoUrl(options.url), options.client_id,
                mqtt::create_options(version == MqttVersion::k5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1), nullptr) {}

  void Connect() {
    // Before connect: set later, Paho's locks are taken in another order and can deadlock.
    client_.set_callback(*this);
    client_.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
      Ended(Error{Code::kUnavailable,
                  static_cast<int>(reason) == kSessionTakenOver
                      ? "another client connected with the same id"
                      : "the broker ended the connection (reason " + std::to_string(static_cast<int>(reason)) + ")"});
    });
    client_.connect(ConnectOptions(options_, version_), nullptr, on_connect_);
  }

  Result<void> Publish(const MqttMessage& message) override {
    try {
      client_.publish(mqtt::make_message(message.topic, message.payload, kQos, message.retain == Retain::kYes), nullptr,
                      on_publish_);
      return {};
    } catch (const mqtt::exception& error) {
      return Error{Code::kUnavailable, "publish to " + message.topic + ": " + error.what()};
    }
  }

  void Abandon() override {
    abandoned_ = true;
    try {
      client_.disable_callbacks();
      if (client_.is_connected()) client_.disconnect(0);
    } catch (const mqtt::exception&) {
      // Not connected any more: that is what was wanted.
    }
  }

  void Close(const std::deque<MqttMessage>& messages, milliseconds patience) override {
    abandoned_ = true;
    const auto until = std::chrono::steady_clock::now() + patience;
    const auto left = [&] {
      return std::max(milliseconds(1),
                      std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now()));
    };
    try {
      for (const MqttMessage& message : messages) {
        // Paho takes 100 messages that it has not sent; then it is waited for. It ends a token a moment before it has
        // room again.
        while (client_.is_connected() && std::chrono::steady_clock::now() < until && !Publish(message)) {
          const auto pending = client_.get_pending_delivery_tokens();
          if (pending.empty()) {
            poll(nullptr, 0, 1);
          } else {
            pending.front()->wait_for(left());
          }
        }
      }
      for (const auto& token : client_.get_pending_delivery_tokens()) token->wait_for(left());
      client_.disconnect(0)->wait_for(left());
    } catch (const mqtt::exception&) {
      // The connection is gone; there is nothing left to close.
    }
  }

 private:
  struct Listener : mqtt::iaction_listener {
    explicit Listener(PahoConnection& to) : owner(to) {}
    PahoConnection& owner;
  };
  struct ConnectListener final : Listener {
    using Listener::Listener;
    void on_success(const mqtt::token&) override { owner.Subscribe(); }
    void on_failure(const mqtt::token& token) override { owner.ConnectFailed(token); }
  };
  struct SubscribeListener final : Listener {
    using Listener::Listener;
    void on_success(const mqtt::token&) override {
      if (!owner.abandoned_) owner.events_.ready();
    }
    void on_failure(const mqtt::token& token) override {
      owner.Ended(Error{Code::kDenied, "the broker refused the subscriptions (code " +
                                           std::to_string(token.get_return_code()) + "); check its access rules"});
    }
  };
  struct PublishListener final : Listener {
    using Listener::Listener;
    void on_success(const mqtt::token&) override { Done(); }
    // What is lost with its connection is sent again by whoever owns it.
    void on_failure(const mqtt::token&) override { Done(); }
    void Done() {
      if (!owner.abandoned_) owner.events_.delivered();
    }
  };

  void connection_lost(const std::string& cause) override {
    Ended(Error{Code::kUnavailable, cause.empty() ? "the connection was lost" : cause});
  }

  void message_arrived(mqtt::const_message_ptr message) override {
    if (!abandoned_) events_.message(message->get_topic(), message->to_string());
  }

  void Subscribe() {
    // Paho reports one success twice: as that of the call, and as that of the connection.
    if (abandoned_ || connected_.exchange(true)) return;
    if (options_.subscriptions.empty()) return events_.ready();
    auto filters = mqtt::string_collection::create(options_.subscriptions);
    try {
      client_.subscribe(filters, mqtt::iasync_client::qos_collection(filters->size(), kQos), nullptr, on_subscribe_);
    } catch (const mqtt::exception& error) {
      Ended(Error{Code::kUnavailable, std::string("subscribe: ") + error.what()});
    }
  }

  void ConnectFailed(const mqtt::token& token) {
    const int reason = static_cast<int>(token.get_reason_code());
    const int code = token.get_return_code();
    if (version_ == MqttVersion::k5 && (reason == kUnsupportedVersion5 || code == kUnsupportedVersion5 ||
                                        code == kUnsupportedVersion311 || reason == kUnsupportedVersion311)) {
      if (!abandoned_) events_.version_refused();
    }
    const int refusal = reason > 0 ? reason : code;
    const std::string why = refusal > 0 ? "refused with code " + std::to_string(refusal) : "no connection";
    Ended(Error{Code::kUnavailable, "connect to broker " + options_.url + ": " + why});
  }

  void Ended(Error error) {
    if (!abandoned_) events_.ended(std::move(error));
  }

  const MqttOptions options_;
  const MqttVersion version_;
  const ConnectionEvents events_;
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> connected_{false};
  ConnectListener on_connect_;
  SubscribeListener on_subscribe_;
  PublishListener on_publish_;
  // Last, so that it ends first: it tells its listeners of what it gives up.
  mqtt::async_client client_;
};

}  // namespace

Result<std::unique_ptr<MqttConnection>> MqttConnection::Start(const MqttOptions& options, MqttVersion version,
                                                              ConnectionEvents events) {
  try {
    auto connection = std::make_unique<PahoConnection>(options, version, std::move(events));
    connection->Connect();
    return std::unique_ptr<MqttConnection>(std::move(connection));
  } catch (const std::exception& error) {
    return Error{Code::kUnavailable, "connect to broker " + options.url + ": " + error.what()};
  }
}

}  // namespace motley
