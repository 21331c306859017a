#include "controller/dispatch/commands.h"

#include <google/protobuf/util/time_util.h>

#include <vector>

#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/mqtt/envelope.h"

namespace motley::controller {
namespace {

using google::protobuf::util::TimeUtil;

constexpr std::chrono::seconds kDeadline{10};
/// As desired.proto says.
constexpr std::uint32_t kMaxLines = 10'000;

}  // namespace

void Commands::FetchLogs(const std::string& gateway, const v1::LogRequest& request, LogsDone done) {
  if (request.lines() > kMaxLines) {
    return done(Error{Code::kInvalid,
                      std::to_string(request.lines()) + " lines are over the limit of " + std::to_string(kMaxLines)});
  }
  v1::Command command;
  command.mutable_logs()->set_component(request.component());
  command.mutable_logs()->set_lines(request.lines());
  auto id = SendCommand(gateway, std::move(command));
  if (!id) return done(std::move(id).error());
  auto deadline = loop_.After(kDeadline, [this, id = *id] {
    const auto waiting = waiting_.extract(id);
    waiting.mapped().done(Error{Code::kTimeout, "gateway " + waiting.mapped().gateway + " has not answered in " +
                                                    std::to_string(kDeadline.count()) + " s; is it still online?"});
  });
  waiting_.emplace(*id, Waiting{gateway, std::move(done), std::move(deadline)});
}

void Commands::OnGone(const std::string& gateway, std::string_view why) {
  // Taken out first: whoever is told may ask again at once.
  std::vector<Waiting> gone;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (waiting->second.gateway == gateway) {
      gone.push_back(std::move(waiting->second));
      waiting = waiting_.erase(waiting);
    } else {
      ++waiting;
    }
  }
  for (const Waiting& waiting : gone) {
    waiting.done(Error{Code::kUnavailable, "gateway " + gateway + " " + std::string(why) + " before it answered"});
  }
}

void Commands::Close() {
  closed_ = true;
  for (const auto& [id, waiting] : std::exchange(waiting_, {})) {
    waiting.done(Error{Code::kUnavailable, "the controller stops before gateway " + waiting.gateway +
                                               " has answered; try again when it is back"});
  }
}

Result<void> Commands::Retry(const std::string& gateway) {
  if (const Twin* twin = registry_.Find(gateway); twin != nullptr) {
    const v1::Deployment& deployment = twin->reported().deployment();
    if (deployment.state() != v1::Deployment::STATE_FAILED || deployment.revision() != twin->desired().revision()) {
      return Error{Code::kConflict, "gateway " + gateway + " has no failed deployment; there is nothing to try again"};
    }
  }
  v1::Command command;
  command.mutable_retry();
  TRY(SendCommand(gateway, std::move(command)));
  LogInfo("gateway {} is told to try again", gateway);
  return {};
}

Result<std::string> Commands::SendCommand(const std::string& gateway, v1::Command command) {
  const Twin* twin = registry_.Find(gateway);
  if (twin == nullptr) {
    return Error{Code::kNotFound, "there is no gateway \"" + gateway + "\"; add it with `motley gateway add`"};
  }
  if (!twin->online()) {
    const auto& gateway_record = twin->record.gateway;
    const std::string since =
        gateway_record.has_presence_since() ? " since " + TimeUtil::ToString(gateway_record.presence_since()) : "";
    return Error{Code::kUnavailable, "gateway " + gateway + " is offline" + since + "; try again when it is online"};
  }
  if (closed_) {
    return Error{Code::kUnavailable, "the controller stops; gateway " + gateway + " is told nothing more"};
  }
  command.set_id(RandomHex(16));
  command.set_gateway(gateway);
  *command.mutable_expires_at() =
      TimeUtil::MicrosecondsToTimestamp(WallMicros(loop_) + std::chrono::microseconds(kDeadline).count());
  TRY(send_(gateway, Channel::kCommand, Seal(command), Retain::kNo).While("send the command to gateway " + gateway));
  return command.id();
}

bool Commands::OnLogReply(const v1::LogReply& reply) {
  const auto found = waiting_.find(reply.id());
  if (found == waiting_.end() || found->second.gateway != reply.gateway()) return false;
  auto waiting = waiting_.extract(found);
  waiting.mapped().deadline.Reset();
  waiting.mapped().done(reply);
  return true;
}

}  // namespace motley::controller
