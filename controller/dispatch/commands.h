#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "common/loop/loop.h"
#include "controller/dispatch/wire.h"
#include "controller/registry/registry.h"
#include "motley/v1/api.pb.h"
#include "motley/v1/desired.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::controller {

/// Orders to gateways that are carried out now or not at all, and the answers to them. Loop thread only.
class Commands {
 public:
  using LogsDone = std::function<void(Result<v1::LogReply>)>;
  Commands(Loop& loop, Registry& registry, Send send) : loop_(loop), registry_(registry), send_(std::move(send)) {}

  /// As Dispatch.
  void FetchLogs(const std::string& gateway, const v1::LogRequest& request, LogsDone done);
  Result<void> Retry(const std::string& gateway);
  /// Sends a command that expires after 10 s; id, gateway and expiry are filled in. Its id.
  /// Errors: kNotFound (gateway), kUnavailable (gateway or broker is away; this controller stops).
  Result<std::string> SendCommand(const std::string& gateway, v1::Command command);

  /// Whether somebody waits for this reply.
  bool OnLogReply(const v1::LogReply& reply);
  /// Nothing comes from this gateway any more: whoever waits for it is told `why` ("has gone offline").
  void OnGone(const std::string& gateway, std::string_view why);
  /// The same for all gateways, and for whoever asks from now on.
  void Close();

 private:
  struct Waiting {
    std::string gateway;
    LogsDone done;
    Handle deadline;
  };

  Loop& loop_;
  Registry& registry_;
  const Send send_;
  /// By the command's id.
  std::map<std::string, Waiting> waiting_;
  bool closed_ = false;
};

}  // namespace motley::controller
