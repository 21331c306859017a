#include "tools/motley/wait_for_plan.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <thread>

#include "tools/motley/deployment_text.h"

namespace motley::cli {
namespace {

// Quick enough that a person sees no delay, slow enough to cost the controller nothing.
constexpr std::chrono::milliseconds kInterval{100};
// More names than this do not help on one line.
constexpr std::size_t kMaxNames = 10;

std::string Joined(const std::vector<std::string>& names, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMaxNames; ++i)
    text += (i > 0 ? std::string(separator) : "") + names[i];
  if (names.size() > kMaxNames) text += fmt::format("{}and {} more", separator, names.size() - kMaxNames);
  return text;
}

std::string Counted(const PlanProgress& progress) {
  return fmt::format("{} done, {} failed, {} to go", progress.done.size(), progress.failed.size(),
                     progress.pending.size());
}

Result<void> Outcome(Session& session, const PlanProgress& progress, const v1::FleetStatus& status,
                     std::int64_t seconds) {
  const std::size_t all = progress.done.size() + progress.failed.size() + progress.pending.size();
  if (session.json()) {
    TRY(session.PrintJson(status));
  } else {
    session.terminal().Write(fmt::format("{} of {} gateways done\n", progress.done.size(), all));
  }
  if (!progress.failed.empty()) {
    return Error{Code::kUnavailable, fmt::format("{} of {} gateways failed:\n{}", progress.failed.size(), all,
                                                 Printable(Joined(progress.failed, "; ")))};
  }
  if (!progress.pending.empty()) {
    return Error{Code::kTimeout,
                 fmt::format("{} of {} gateways are not through after {} s: {}; the deployment goes on, "
                             "see `motley status`",
                             progress.pending.size(), all, seconds, Joined(progress.pending, ", "))};
  }
  return {};
}

}  // namespace

PlanProgress ProgressOf(const v1::Plan& plan, const v1::FleetStatus& status) {
  std::map<std::string_view, const v1::GatewayStatus*> by_id;
  for (const v1::GatewayStatus& gateway : status.details()) by_id[gateway.id()] = &gateway;
  PlanProgress progress;
  for (const v1::Assignment& assignment : plan.assignments()) {
    if (assignment.variant().empty()) continue;
    const auto found = by_id.find(assignment.gateway());
    if (found == by_id.end()) {
      progress.failed.push_back(assignment.gateway() + ": removed from the fleet");
      continue;
    }
    const v1::GatewayStatus& gateway = *found->second;
    if (!IsSettled(gateway.deployment(), gateway.desired_revision())) {
      progress.pending.push_back(gateway.id() + (gateway.online() ? "" : " (offline)"));
    } else if (gateway.deployment().state() == v1::Deployment::STATE_DONE) {
      progress.done.push_back(gateway.id());
    } else {
      progress.failed.push_back(gateway.id() + ": " + gateway.deployment().reason());
    }
  }
  return progress;
}

Result<void> WaitForPlan(Session& session, const v1::Plan& plan, std::int64_t seconds) {
  using Steady = std::chrono::steady_clock;
  const auto deadline = Steady::now() + std::chrono::seconds(seconds);
  TRY_ASSIGN(ControllerApi * api, session.Api());
  for (;;) {
    const auto status = api->GetStatus();
    if (!status && (status.error().code != Code::kUnavailable || Steady::now() >= deadline)) return status.error();
    if (status) {
      const PlanProgress progress = ProgressOf(plan, *status);
      if (progress.pending.empty() || Steady::now() >= deadline) return Outcome(session, progress, *status, seconds);
      session.terminal().Progress(Counted(progress) + ": " + Printable(Joined(progress.pending, ", ")));
    } else {
      session.terminal().Progress(Printable(status.error().message));
    }
    std::this_thread::sleep_for(kInterval);
  }
}

}  // namespace motley::cli
