#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "common/assign/divenact.h"
#include "common/assign/solve.h"
#include "common/assign/spread.h"
#include "common/files/files.h"
#include "common/fleet/fleet_file.h"
#include "tools/motley/assign_gateways.h"
#include "tools/motley/assign_text.h"
#include "tools/motley/command.h"

namespace motley::cli {
namespace {

constexpr std::uint64_t kMaxFileBytes = 64 * 1024 * 1024;
constexpr double kMaxSeconds = 86'400;

struct AssignOptions {
  std::string file;
  std::string solver = "auto";
  std::string format;
  double time_limit_seconds = 0;
  bool lower_bound = false;
};

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

assign::Method MethodOf(const std::string& solver) {
  if (solver == "flow") return assign::Method::kFlow;
  if (solver == "branch") return assign::Method::kBranch;
  if (solver == "ilp") return assign::Method::kIlp;
  if (solver == "z3") return assign::Method::kZ3;
  return assign::Method::kAuto;
}

Result<assign::Solution> SolveWith(const assign::Problem& problem, const AssignOptions& options) {
  const assign::Limits limits{.time_limit_ms = static_cast<std::int64_t>(options.time_limit_seconds * 1000),
                              .now_ms = NowMs};
  return assign::Solve(problem, limits, MethodOf(options.solver));
}

Result<void> LoadGateways(const std::string& fleet_path, const FleetFile& file, FleetLoader& loader) {
  if (!file.gateways_file) {
    loader.Reserve(file.gateways.size());
    for (const ListedGateway& gateway : file.gateways) {
      if (Result<void> added = loader.Add(gateway); !added) {
        return Error{added.error().code, fmt::format("{}:{}: {}", fleet_path, gateway.line, added.error().message)};
      }
    }
    return {};
  }
  const std::string path = (std::filesystem::path(fleet_path).parent_path() / file.gateways_file->path).string();
  std::ifstream list(path);
  if (!list) {
    return Error{Code::kNotFound, fmt::format("{}:{}: gateways_file: \"{}\" can not be opened", fleet_path,
                                              file.gateways_file->line, path)};
  }
  return ReadGateways(path, list, [&](const ListedGateway& gateway) { return loader.Add(gateway); });
}

std::vector<std::string> VariantNames(const std::vector<FleetApplication>& applications,
                                      std::span<const std::uint16_t> places) {
  std::vector<std::string> names;
  for (std::size_t a = 0; a < applications.size(); ++a) {
    names.push_back(places[a] == 0 ? "" : applications[a].variants[places[a] - std::size_t{1}].name);
  }
  return names;
}

void SetCosts(const assign::Problem& problem, const assign::Solution& solution, AssignedFleet& assigned) {
  for (std::size_t r = 0; r < problem.rules.size(); ++r) {
    assigned.costs_by_rule.emplace_back(problem.rules[r].name, solution.cost_by_rule[r]);
  }
  assigned.costs_by_rule.emplace_back("preference", solution.preference_cost);
  for (const assign::Application& application : problem.applications) assigned.applications.push_back(application.name);
  assigned.unassigned = solution.unassigned;
  assigned.cost = solution.cost;
  assigned.lower_bound = solution.lower_bound;
  assigned.proven = solution.proven;
  assigned.solver = solution.solver;
  assigned.seconds = solution.seconds;
}

void Warn(const std::string& doubt) { std::fprintf(stderr, "motley: warning: %s\n", Printable(doubt).c_str()); }

Result<AssignedFleet> AssignFleetFile(const AssignOptions& options) {
  TRY_ASSIGN(const std::string text, ReadFile(options.file, kMaxFileBytes));
  if (text.size() > 1024 * 1024) {
    return Error{Code::kInvalid,
                 fmt::format("{}: {} bytes are over the limit of 1 MiB; put the gateways into a list of "
                             "their own, named by gateways_file",
                             options.file, text.size())};
  }
  TRY_ASSIGN(const FleetFile file, ParseFleetFile(options.file, text));
  FleetLoader loader(file.applications);
  TRY(LoadGateways(options.file, file, loader));
  const FleetIndex& fleet = loader.fleet();
  TRY_ASSIGN(const FleetProblem problem, FleetProblem::Create(fleet, file.applications, loader.running()));
  for (const std::string& doubt : problem.Doubts()) Warn(doubt);
  if (const std::string doubt = loader.Doubt(); !doubt.empty()) Warn(doubt);
  TRY_ASSIGN(const assign::Solution solution, SolveWith(problem.problem(), options));

  AssignedFleet assigned;
  SetCosts(problem.problem(), solution, assigned);
  const Running to = problem.Spread(solution);
  const std::size_t width = file.applications.size();
  fleet.Rows().ForEach([&](std::size_t row) {
    const auto of_row = [&](const Running& all) { return std::span(all).subspan(row * width, width); };
    assigned.gateways.push_back({std::string(fleet.Name(static_cast<FleetIndex::Row>(row))),
                                 VariantNames(file.applications, of_row(to)),
                                 VariantNames(file.applications, of_row(problem.running()))});
  });
  return assigned;
}

// Its gateways run nothing yet.
Result<AssignedFleet> AssignDivEnact(const AssignOptions& options) {
  TRY_ASSIGN(const std::string text, ReadFile(options.file, kMaxFileBytes));
  auto read = assign::ReadDivEnact(text);
  if (!read) return std::move(read).error().While(options.file);
  const assign::Problem& problem = read->problem;
  TRY_ASSIGN(const assign::Solution solution, SolveWith(problem, options));
  AssignedFleet assigned;
  SetCosts(problem, solution, assigned);
  const std::vector<assign::Share>& shares = solution.shares;
  for (std::size_t first = 0; first < shares.size();) {
    std::size_t last = first + 1;
    while (last < shares.size() && shares[last].gateway_class == shares[first].gateway_class) ++last;
    std::vector<assign::Member> members;
    const auto& names = read->gateways[static_cast<std::size_t>(shares[first].gateway_class)];
    for (const std::string& name : names) members.push_back({name, {}});
    const std::span<const assign::Share> its(&shares[first], last - first);
    const std::vector<std::int32_t> given = assign::SpreadClass(its, members);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::int32_t variant = its[static_cast<std::size_t>(given[i])].variants[0];
      const bool none = variant == assign::kNone;
      assigned.gateways.push_back(
          {names[i], {none ? "" : problem.variants[static_cast<std::size_t>(variant)].name}, {""}});
    }
    first = last;
  }
  return assigned;
}

Result<void> Assign(Session& session, const AssignOptions& options) {
  const bool is_divenact = options.format == "divenact";
  TRY_ASSIGN(const AssignedFleet assigned, is_divenact ? AssignDivEnact(options) : AssignFleetFile(options));
  if (session.json()) {
    session.terminal().Write(AssignmentJson(assigned));
  } else {
    const auto lower_bound = options.lower_bound ? LowerBound::kAlways : LowerBound::kWhereItDiffers;
    session.terminal().Write(RenderAssignment(assigned, lower_bound, session.terminal()));
  }
  return {};
}

}  // namespace

void AddAssignCommand(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<AssignOptions>();
  CLI::App* assign =
      AddCommand(app, chosen, options, "assign", "Solve the assignment of a fleet file, without a controller",
                 "  motley assign fleet.yaml\n  motley assign fleet.yaml --solver z3 --time-limit 60 --json\n", Assign);
  assign->add_option("FILE", options->file, "Fleet file")->required();
  assign->add_option("--solver", options->solver, "auto, flow, branch, ilp or z3; auto: the fastest that is exact")
      ->check(CLI::IsMember({"auto", "flow", "branch", "ilp", "z3"}));
  assign->add_option("--import", options->format, "Format of FILE where it is no fleet file: divenact")
      ->check(CLI::IsMember({"divenact"}));
  assign->add_option("--time-limit", options->time_limit_seconds, "Seconds, after which the best so far is the answer")
      ->check(CLI::Range(0.001, kMaxSeconds));
  assign->add_flag("--lower-bound", options->lower_bound,
                   "Print the lower bound also where the answer is proven optimal");
}

}  // namespace motley::cli
