#include "tools/motley/plan_proposals.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/motley/command.h"
#include "tools/motley/plan_text.h"

namespace motley::cli {
namespace {

struct ProposalOptions {
  std::string application;
  std::string version;
  std::string solver;
  double time_limit_seconds = 0;
  std::uint32_t gateways = 0;
  std::uint32_t percent = 0;
  std::string where;
  std::string seed;
  std::uint32_t moves = 0;
  std::vector<std::string> names;
  bool end = false;
};

v1::ProposePlanRequest RequestFor(const ProposalOptions& options) {
  v1::ProposePlanRequest request;
  request.set_application(options.application);
  request.set_version(options.version);
  request.set_solver(options.solver);
  request.set_time_limit_ms(static_cast<std::uint32_t>(options.time_limit_seconds * 1000));
  return request;
}

Result<void> Send(Session& session, const v1::ProposePlanRequest& request) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Plan plan, api->ProposePlan(request));
  if (session.json()) return session.PrintJson(plan);
  session.terminal().Write(RenderPlan(plan, session.terminal(), Clock::now()));
  if (plan.state() == v1::Plan::STATE_PROPOSED) {
    session.terminal().Write(fmt::format("\n`motley plan approve {}` puts it into effect.\n", plan.id()));
  }
  return {};
}

Result<void> Propose(Session& session, const ProposalOptions& options) { return Send(session, RequestFor(options)); }

Result<void> Preview(Session& session, const ProposalOptions& options) {
  if (options.gateways == 0 && options.percent == 0) {
    return Error{Code::kInvalid, "how many gateways? Give --gateways or --percent; see motley plan preview --help"};
  }
  v1::ProposePlanRequest request = RequestFor(options);
  v1::PreviewRequest& preview = *request.mutable_preview();
  if (options.percent > 0) {
    preview.set_percent(options.percent);
  } else {
    preview.set_gateways(options.gateways);
  }
  preview.set_where(options.where);
  preview.set_seed(options.seed);
  return Send(session, request);
}

Result<void> SafeMode(Session& session, const ProposalOptions& options) {
  if (options.names.empty() && options.where.empty()) {
    return Error{Code::kInvalid, "no gateways: name some, or give --where; see motley plan safe-mode --help"};
  }
  v1::ProposePlanRequest request = RequestFor(options);
  v1::SafeModeRequest& safe_mode = *request.mutable_safe_mode();
  for (const std::string& name : options.names) safe_mode.add_gateways(name);
  safe_mode.set_where(options.where);
  safe_mode.set_end(options.end);
  return Send(session, request);
}

Result<void> Shuffle(Session& session, const ProposalOptions& options) {
  v1::ProposePlanRequest request = RequestFor(options);
  request.mutable_shuffle()->set_seed(options.seed);
  request.mutable_shuffle()->set_moves(options.moves);
  return Send(session, request);
}

CLI::App* AddProposal(CLI::App& group, Action& chosen, const std::shared_ptr<ProposalOptions>& options,
                      const std::string& name, const std::string& help, const std::string& examples,
                      Result<void> (*order)(Session&, const ProposalOptions&)) {
  CLI::App* command = AddCommand(group, chosen, options, name, help, examples, order);
  command->add_option("APPLICATION", options->application, "Its name")->required();
  return command;
}

void AddSolver(CLI::App& command, ProposalOptions& options) {
  command.add_option("--solver", options.solver, "auto, flow, branch, ilp or z3; default: auto")
      ->check(CLI::IsMember({"auto", "flow", "branch", "ilp", "z3"}));
  command
      .add_option("--time-limit", options.time_limit_seconds,
                  "Seconds for the solver, default 10; where the answer takes over 30, `motley plan list` has the plan")
      ->check(CLI::Range(0.001, 600.0));
}

void AddPreview(CLI::App& group, Action& chosen, const std::shared_ptr<ProposalOptions>& options) {
  CLI::App* preview =
      AddProposal(group, chosen, options, "preview", "Propose a release for some gateways, chosen at random",
                  "  motley plan preview blinky 1.1.0 --gateways 10\n"
                  "  motley plan preview blinky 1.1.0 --percent 5 --seed monday\n",
                  Preview);
  preview->add_option("VERSION", options->version, "The version that they get")->required();
  CLI::Option* gateways =
      preview->add_option("--gateways", options->gateways, "How many")->check(CLI::Range(1, 1 << 30));
  CLI::Option* percent =
      preview->add_option("--percent", options->percent, "Or how many percent of those to choose from")
          ->check(CLI::Range(1, 100));
  gateways->excludes(percent);
  preview->add_option("--where", options->where,
                      "Selector: those to choose from; else those whose tag environment is missing or production");
  preview->add_option("--seed", options->seed, "The same seed chooses the same gateways");
  AddSolver(*preview, *options);
}

}  // namespace

void AddPlanProposals(CLI::App& group, Action& chosen) {
  auto options = std::make_shared<ProposalOptions>();
  CLI::App* propose = AddProposal(group, chosen, options, "propose", "Propose a plan for the whole fleet",
                                  "  motley plan propose blinky 1.0.0\n"
                                  "  motley plan propose blinky    # the optimum again, for the current release\n",
                                  Propose);
  propose->add_option("VERSION", options->version, "Its version; else the one that was last enacted for the fleet");
  AddSolver(*propose, *options);
  AddPreview(group, chosen, options);

  CLI::App* safe_mode = AddProposal(group, chosen, options, "safe-mode",
                                    "Send gateways to the fallback of their release at once, or back",
                                    "  motley plan safe-mode blinky gw-1 gw-2\n"
                                    "  motley plan safe-mode blinky --where 'tags.site == \"north\"'\n"
                                    "  motley plan safe-mode blinky gw-1 --end\n",
                                    SafeMode);
  CLI::Option* names = safe_mode->add_option("GATEWAYS", options->names, "Their names");
  safe_mode->add_option("--where", options->where, "Selector, instead of names")->excludes(names);
  safe_mode->add_flag("--end", options->end, "Back to what they had before");

  CLI::App* shuffle = AddProposal(group, chosen, options, "shuffle",
                                  "Propose that gateways change places between interchangeable variants",
                                  "  motley plan shuffle blinky --moves 20\n", Shuffle);
  shuffle->add_option("--moves", options->moves, "At most so many gateways change; else as many as can")
      ->check(CLI::Range(2, 1 << 30));
  shuffle->add_option("--seed", options->seed, "The same seed gives the same plan");
}

}  // namespace motley::cli
