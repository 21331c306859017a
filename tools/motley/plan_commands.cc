#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>

#include "tools/motley/command.h"
#include "tools/motley/plan_proposals.h"
#include "tools/motley/plan_text.h"
#include "tools/motley/wait_for_plan.h"

namespace motley::cli {
namespace {

struct PlanOptions {
  std::uint64_t id = 0;
  std::string gateway;
  std::string reason;
  bool hold = false;
  bool steps = false;
  std::int64_t wait_seconds = 0;
};

Result<void> PrintPlan(Session& session, const v1::Plan& plan) {
  if (session.json()) return session.PrintJson(plan);
  session.terminal().Write(RenderPlan(plan, session.terminal(), Clock::now()));
  return {};
}

Result<void> List(Session& session) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::PlanList list, api->ListPlans());
  if (session.json()) return session.PrintJson(list);
  session.terminal().Write(RenderPlans(list, session.terminal(), Clock::now()));
  return {};
}

Result<void> ShowSteps(Session& session, const PlanOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::PlanSteps steps, api->GetPlanSteps(options.id));
  if (session.json()) return session.PrintJson(steps);
  session.terminal().Write(RenderSteps(steps, session.terminal()));
  return {};
}

Result<void> Show(Session& session, const PlanOptions& options) {
  if (options.steps) return ShowSteps(session, options);
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Plan plan, api->GetPlan(options.id));
  return PrintPlan(session, plan);
}

// The answers to decisions come without assignments, so the plan is read again.
Result<void> Finish(Session& session, const PlanOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Plan plan, api->GetPlan(options.id));
  // With --json and --wait the one document is the status at the end.
  if (!session.json() || options.wait_seconds <= 0) TRY(PrintPlan(session, plan));
  return options.wait_seconds > 0 ? WaitForPlan(session, plan, options.wait_seconds) : Result<void>();
}

Result<void> Approve(Session& session, const PlanOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(api->ApprovePlan(options.id));
  if (!options.hold) TRY(api->EnactPlan(options.id));
  return Finish(session, options);
}

Result<void> Enact(Session& session, const PlanOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(api->EnactPlan(options.id));
  return Finish(session, options);
}

Result<void> Reject(Session& session, const PlanOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(api->RejectPlan(options.id, options.reason));
  return Finish(session, options);
}

Result<void> Explain(Session& session, const PlanOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Assignment assignment, api->Explain(options.id, options.gateway));
  if (session.json()) return session.PrintJson(assignment);
  session.terminal().Write(RenderExplanation(assignment, session.terminal()));
  return {};
}

void AddWait(CLI::App& command, PlanOptions& options) {
  command
      .add_flag("--wait{300}", options.wait_seconds,
                "Wait until every gateway of the plan is done or failed; --wait=SECONDS, else 300")
      ->check(CLI::Range(std::int64_t{1}, kMaxWaitSeconds));
}

}  // namespace

void AddPlanCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "plan", "Which gateway gets which variant: propose, decide, enact",
                             "  motley plan list\n  motley plan approve --help\n");
  auto options = std::make_shared<PlanOptions>();

  AddPlanProposals(*group, chosen);

  AddCommand(*group, chosen, "list", "List all plans, newest first", "  motley plan list\n", List);

  const auto with_id = [&options](CLI::App* command) {
    command->add_option("PLAN", options->id, "Its number, as `motley plan list` shows it")->required();
    return command;
  };
  CLI::App* show = with_id(AddCommand(*group, chosen, options, "show", "Show a plan",
                                      "  motley plan show 4\n  motley plan show 4 --steps\n", Show));
  show->add_flag("--steps", options->steps, "What it would do on each gateway, by what they report now");

  CLI::App* approve =
      with_id(AddCommand(*group, chosen, options, "approve", "Approve a plan and enact it",
                         "  motley plan approve 4\n  motley plan approve 4 --hold    # enact it later\n", Approve));
  approve->add_flag("--hold", options->hold, "Do not enact it yet");
  AddWait(*approve, *options);
  approve->get_option("--wait")->excludes("--hold");

  CLI::App* enact = with_id(AddCommand(*group, chosen, options, "enact", "Enact an approved plan",
                                       "  motley plan enact 4\n  motley plan enact 4 --wait\n", Enact));
  AddWait(*enact, *options);

  CLI::App* reject = with_id(AddCommand(*group, chosen, options, "reject", "Reject a plan",
                                        "  motley plan reject 4 --reason \"not before Monday\"\n", Reject));
  reject->add_option("--reason", options->reason, "Why; kept with the plan");

  CLI::App* explain =
      with_id(AddCommand(*group, chosen, options, "explain", "Why a gateway gets its variant, and why no other",
                         "  motley plan explain 4 gw-1\n", Explain));
  explain->add_option("GATEWAY", options->gateway, "Its name")->required();
}

}  // namespace motley::cli
