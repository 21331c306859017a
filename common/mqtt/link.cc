#include "common/mqtt/link.h"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <random>

#include "common/log/log.h"
#include "common/mqtt/connection.h"

namespace motley {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{30'000};
/// A connection that ends sooner does not count as a success: two clients with one id end each other's for ever, and
/// most brokers do not say so.
constexpr seconds kSteady{10};
/// After a take-over two agents would throw each other out for ever: the pause leaves the other one in peace.
constexpr milliseconds kTakenOverPause{30'000};
/// Fastest against Mosquitto: 21,000 messages a second, 15,000 with 1,000 in flight.
constexpr std::size_t kMaxInFlight = 100;
constexpr std::size_t kMaxWaitingBytes = 64 * 1024 * 1024;
/// How long an abandoned Paho client is kept, since one of its threads may be inside a callback.
constexpr seconds kGrace{5};

class Link final : public MqttLink {
 public:
  Link(Loop& loop, MqttOptions options, MqttListener& listener)
      : loop_(loop), options_(std::move(options)), listener_(listener), random_(std::random_device{}()) {
    retry_ = loop_.After(milliseconds(0), [this] { Connect(); });
  }

  ~Link() override {
    *alive_ = false;
    if (connection_) connection_->Abandon();
  }

  bool connected() const override { return ready_; }
  std::size_t pending() const override { return in_flight_ + waiting_.size(); }

  Result<void> Publish(MqttMessage message) override {
    if (!ready_) return Error{Code::kUnavailable, "not connected to broker " + options_.url};
    if (waiting_bytes_ + message.payload.size() > kMaxWaitingBytes) {
      return Error{Code::kUnavailable, "broker " + options_.url + " is too slow: 64 MiB are waiting"};
    }
    waiting_bytes_ += message.payload.size();
    waiting_.push_back(std::move(message));
    Pump();
    return {};
  }

  void Close(milliseconds patience) override {
    retry_.Reset();
    if (!connection_) return;
    ready_ = false;
    *alive_ = false;
    connection_->Close(waiting_, patience);
  }

 private:
  /// An event of this connection, on the loop, unless the link or the connection is gone by then.
  template <typename Function>
  auto OnLoop(Function function) {
    return [this, alive = alive_, number = connection_number_, function](auto... values) {
      loop_.Post([this, alive, number, function, ... values = std::move(values)]() mutable {
        if (*alive && number == connection_number_) function(std::move(values)...);
      });
    };
  }

  void Connect() {
    ++connection_number_;
    ConnectionEvents events;
    events.ready = OnLoop([this] { Ready(); });
    events.ended = OnLoop([this](Error reason) { Ended(reason); });
    events.version_refused = OnLoop([this] { version_ = MqttVersion::k311; });
    events.message =
        OnLoop([this](std::string topic, std::string payload) { listener_.OnMqttMessage(topic, payload); });
    events.delivered = OnLoop([this] {
      --in_flight_;
      Pump();
    });
    auto started = MqttConnection::Start(options_, version_, std::move(events));
    if (!started) return Ended(started.error());
    connection_ = *std::move(started);
  }

  void Ready() {
    ready_ = true;
    ready_at_ = loop_.Now();
    told_ = false;
    LogInfo("connected to broker {}", options_.url);
    listener_.OnMqttConnected();
  }

  void Ended(const Error& reason) {
    const bool was_ready = std::exchange(ready_, false);
    if (was_ready && loop_.Now() - ready_at_ >= kSteady) pause_ = kFirstPause;
    ++connection_number_;
    waiting_.clear();
    waiting_bytes_ = 0;
    in_flight_ = 0;
    if (connection_) Bury(std::move(connection_));
    if (!std::exchange(told_, true) || was_ready) {
      LogWarning("{}; trying again until it works", reason.message);
    }
    auto pause = pause_;
    if (reason.message.find("same id") != std::string::npos) pause = kTakenOverPause;
    pause_ = std::min(pause_ * 2, kLongestPause);
    // Half of it by chance: a fleet that lost its broker must not come back in one moment.
    pause = pause / 2 + milliseconds(random_() % static_cast<unsigned long>(pause.count() / 2 + 1));
    retry_ = loop_.After(pause, [this] { Connect(); });
    if (was_ready) listener_.OnMqttDisconnected(reason);
  }

  void Bury(std::unique_ptr<MqttConnection> connection) {
    connection->Abandon();
    graves_.push_back({loop_.Now() + kGrace, std::move(connection)});
    // Loss after loss: the oldest ones are past their grace and are destroyed here, few at a time.
    while (!graves_.empty() && graves_.front().until <= loop_.Now()) graves_.pop_front();
  }

  void Pump() {
    while (ready_ && !waiting_.empty() && in_flight_ < kMaxInFlight) {
      MqttMessage message = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= message.payload.size();
      ++in_flight_;
      if (auto sent = connection_->Publish(message); !sent) return Ended(sent.error());
    }
  }

  struct Grave {
    std::chrono::steady_clock::time_point until;
    std::unique_ptr<MqttConnection> connection;
  };

  Loop& loop_;
  const MqttOptions options_;
  MqttListener& listener_;
  std::minstd_rand random_;
  /// Read and written on the loop's thread only.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::deque<Grave> graves_;
  std::unique_ptr<MqttConnection> connection_;
  /// Events of an earlier connection carry an earlier number.
  std::uint64_t connection_number_ = 0;
  MqttVersion version_ = MqttVersion::k5;
  bool ready_ = false;
  std::chrono::steady_clock::time_point ready_at_;
  bool told_ = false;
  milliseconds pause_ = kFirstPause;
  std::deque<MqttMessage> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t in_flight_ = 0;
  Handle retry_;
};

Result<void> CheckReadable(const std::string& file, std::string_view what) {
  if (file.empty() || access(file.c_str(), R_OK) == 0) return {};
  return Error{Code::kInvalid, std::string(what) + " file " + file + " can not be read"};
}

}  // namespace

Result<std::unique_ptr<MqttLink>> MqttLink::Create(Loop& loop, MqttOptions options, MqttListener& listener) {
  const bool tls = options.url.starts_with("mqtts://");
  const auto host = options.url.find("://") + 3;
  if ((!tls && !options.url.starts_with("mqtt://")) || options.url.find(':', host) == std::string::npos) {
    return Error{Code::kInvalid,
                 "broker \"" + options.url + "\" is not of the form mqtt://host:port or mqtts://host:port"};
  }
  TRY(CheckReadable(options.ca_file, "authority"));
  TRY(CheckReadable(options.certificate_file, "certificate"));
  TRY(CheckReadable(options.key_file, "key"));
  return std::unique_ptr<MqttLink>(std::make_unique<Link>(loop, std::move(options), listener));
}

}  // namespace motley
