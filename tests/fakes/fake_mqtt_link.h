#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/mqtt/envelope.h"
#include "common/mqtt/link.h"

namespace motley::tests {

/// A broker that is not there, seen from one link: records what is published, and says what a test has it say.
class FakeMqtt {
 public:
  /// Makes the link; one for each FakeMqtt.
  Result<std::unique_ptr<MqttLink>> Link(MqttOptions link_options, MqttListener& listener) {
    options = std::move(link_options);
    listener_ = &listener;
    return std::unique_ptr<MqttLink>(std::make_unique<FakeLink>(*this));
  }

  void Connect() {
    connected = true;
    listener_->OnMqttConnected();
  }
  void Disconnect() {
    connected = false;
    listener_->OnMqttDisconnected(Error{Code::kUnavailable, "the broker is away"});
  }
  void Deliver(const std::string& topic, const std::string& payload) { listener_->OnMqttMessage(topic, payload); }

  /// Takes out what was published on `topic`, oldest first.
  std::vector<MqttMessage> Take(const std::string& topic) {
    const auto others = std::stable_partition(published.begin(), published.end(),
                                              [&](const MqttMessage& message) { return message.topic == topic; });
    std::vector<MqttMessage> taken(published.begin(), others);
    published.erase(published.begin(), others);
    return taken;
  }

  bool connected = false;
  /// What the link says that the broker has not acknowledged.
  std::size_t pending = 0;
  MqttOptions options;
  std::vector<MqttMessage> published;

 private:
  class FakeLink final : public MqttLink {
   public:
    explicit FakeLink(FakeMqtt& mqtt) : mqtt_(mqtt) {}
    bool connected() const override { return mqtt_.connected; }
    Result<void> Publish(MqttMessage message) override {
      if (!mqtt_.connected) return Error{Code::kUnavailable, "not connected to the broker"};
      mqtt_.published.push_back(std::move(message));
      return {};
    }
    std::size_t pending() const override { return mqtt_.pending; }
    void Close(std::chrono::milliseconds) override { mqtt_.connected = false; }

   private:
    FakeMqtt& mqtt_;
  };

  MqttListener* listener_ = nullptr;
};

/// The message in a payload that must hold one.
template <typename Message>
Message Opened(const std::string& payload) {
  Message message;
  Unseal(payload, message).value();
  return message;
}

}  // namespace motley::tests
