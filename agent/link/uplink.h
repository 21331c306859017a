#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/link/outbox.h"
#include "agent/store/store.h"
#include "common/mqtt/link.h"
#include "common/mqtt/topics.h"
#include "motley/v1/desired.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::agent {

/// What comes from the controller, and what it is told. Loop thread.
struct UplinkHandlers {
  /// A desired state for this gateway that has not expired.
  std::function<void(const v1::DesiredState&)> desired;
  std::function<void()> retry;
  std::function<Result<std::vector<v1::LogLine>>(const v1::FetchLogs&)> logs;
  /// Something to do with a device: reset_device or flash_device. `done` gets what was done, for people; once, and it
  /// may take minutes.
  std::function<void(const v1::Command&, std::function<void(Result<std::string>)> done)> device;
  /// Fills in all but gateway, epoch, sequence and time.
  std::function<void(v1::ReportedState&)> report;
};

/// The agent's side of the wire: desired states and commands in; presence, reported state and telemetry out. Works
/// through lost connections: on each new one presence and the latest report are sent, and whatever telemetry is not
/// acknowledged. Garbage is logged and ignored. Loop thread only.
class Uplink final : public MqttListener {
 public:
  struct Options {
    Identity identity;
    Outbox::Options outbox;
    std::string ca_file;
    /// Changes within this time make one report.
    std::chrono::milliseconds report_delay{20};
    std::chrono::milliseconds report_resend{10'000};
  };
  /// Errors: kInvalid (the broker's URL).
  static Result<std::unique_ptr<Uplink>> Create(Loop& loop, Store& store, Options options, UplinkHandlers handlers);
  ~Uplink() override;

  Outbox& outbox() { return outbox_; }
  /// The report is new: it is made and sent soon.
  void ReportChanged();
  /// Says that it goes offline, and disconnects.
  void Close();

  void OnMqttConnected() override;
  void OnMqttDisconnected(const Error& reason) override;
  void OnMqttMessage(const std::string& topic, const std::string& payload) override;

 private:
  Uplink(Loop& loop, Store& store, Options options, UplinkHandlers handlers);
  std::string Topic(Channel channel) const;
  std::string PresencePayload(bool online) const;
  void SendReport();
  void OnDesired(const std::string& payload);
  void OnCommand(const std::string& payload);
  void OnAck(const std::string& payload);
  void SendLogs(const v1::Command& command);
  void OrderDevice(const v1::Command& command);
  /// Now, or when there is a connection again.
  void Answer(v1::LogReply reply);

  Loop& loop_;
  Store& store_;
  const Options options_;
  const UplinkHandlers handlers_;
  const std::string instance_;
  std::unique_ptr<MqttLink> link_;
  Outbox outbox_;
  /// Ids of the last orders for devices: one that comes twice is carried out once.
  std::deque<std::string> orders_;
  /// Answers to such orders that wait for a connection.
  std::deque<v1::LogReply> answers_;
  /// The latest report; empty until there is one.
  std::string report_;
  std::uint64_t report_sequence_ = 0;
  std::uint64_t report_acknowledged_ = 0;
  Handle report_timer_;
  bool report_scheduled_ = false;
};

}  // namespace motley::agent
