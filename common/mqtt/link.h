#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/loop/loop.h"

namespace motley {

enum class Retain { kNo, kYes };

struct MqttMessage {
  std::string topic;
  std::string payload;
  Retain retain = Retain::kNo;
};

struct MqttOptions {
  /// "mqtt://host:port" or "mqtts://host:port".
  std::string url;
  /// A broker ends the older of two connections with one id.
  std::string client_id;
  std::string user;
  std::string password;
  /// PEM files for mqtts; certificate and key only where the broker asks for them.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::optional<MqttMessage> will;
  /// Subscribed with QoS 1 on each connection, before OnConnected.
  std::vector<std::string> subscriptions;
};

/// What a link tells its owner. Loop thread.
class MqttListener {
 public:
  virtual ~MqttListener() = default;
  /// Connected and subscribed. Whatever was published before and not acknowledged by its receiver is to be sent again.
  virtual void OnMqttConnected() = 0;
  /// Not called for a failed attempt to connect. The link tries again by itself.
  virtual void OnMqttDisconnected(const Error& reason) = 0;
  virtual void OnMqttMessage(const std::string& topic, const std::string& payload) = 0;
};

/// A connection to a broker that is made again for ever, with growing pauses (0.25 s to 30 s, spread by chance).
///
/// It promises no delivery: nothing is kept over a lost connection, and a broker may lose what it acknowledged. What
/// must arrive is kept by the owner until its receiver says so. Each connection is a fresh Paho client with a clean
/// session: Paho's own reconnect with kept sessions has been seen to hang. MQTT 5, or 3.1.1 where the broker speaks no
/// better.
class MqttLink {
 public:
  /// Starts connecting when the loop runs. Errors: kInvalid (url, or a file that can not be read).
  static Result<std::unique_ptr<MqttLink>> Create(Loop& loop, MqttOptions options, MqttListener& listener);
  virtual ~MqttLink() = default;

  virtual bool connected() const = 0;
  /// Sends with QoS 1, in order, at most 100 in flight. Errors: kUnavailable (not connected, or 64 MiB are waiting).
  virtual Result<void> Publish(MqttMessage message) = 0;
  /// Messages that the broker has not acknowledged.
  virtual std::size_t pending() const = 0;
  /// Publishes nothing more, waits at most `patience` for what is pending, and disconnects in good order: no will is
  /// sent. Blocks; the link is of no use afterwards.
  virtual void Close(std::chrono::milliseconds patience) = 0;
};

}  // namespace motley
