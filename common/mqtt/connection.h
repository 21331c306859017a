#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/mqtt/link.h"

namespace motley {

enum class MqttVersion { k311, k5 };

/// What happens to one connection; all are called on Paho's threads and may not block.
struct ConnectionEvents {
  std::function<void()> ready;
  /// The connection could not be made, was lost, or was ended by the broker. At least once, and more than once at
  /// times.
  std::function<void(Error)> ended;
  /// As `ended`, and the broker does not speak this version of MQTT.
  std::function<void()> version_refused;
  std::function<void(std::string topic, std::string payload)> message;
  /// The broker has acknowledged one message.
  std::function<void()> delivered;
};

/// One connection from its beginning to its end: one Paho client, never used again.
class MqttConnection {
 public:
  /// Starts to connect and, when that is done, to subscribe. Errors: kInvalid (options that Paho refuses),
  /// kUnavailable.
  static Result<std::unique_ptr<MqttConnection>> Start(const MqttOptions& options, MqttVersion version,
                                                       ConnectionEvents events);
  virtual ~MqttConnection() = default;

  virtual Result<void> Publish(const MqttMessage& message) = 0;
  /// No event is passed on from here; the connection is closed in the background. Before destruction, some seconds
  /// pass: one of Paho's threads may be inside a callback.
  virtual void Abandon() = 0;
  /// Publishes `messages`, waits for what is pending, then for the disconnect: at most `patience` in all. No event is
  /// passed on from here.
  virtual void Close(const std::deque<MqttMessage>& messages, std::chrono::milliseconds patience) = 0;
};

}  // namespace motley
