#include "tools/motley/assign_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/motley/table.h"

namespace motley::cli {
namespace {

bool Changes(const AssignedFleet::Gateway& gateway) { return gateway.gets != gateway.runs; }

std::string Headline(const AssignedFleet& fleet, LowerBound lower_bound) {
  std::string text = fmt::format("cost {}", fleet.cost);
  if (!fleet.proven || lower_bound == LowerBound::kAlways) text += fmt::format(", lower bound {}", fleet.lower_bound);
  text += fleet.proven ? ", proven optimal"
                       : fmt::format(", not proven: at most {} from optimal", fleet.cost - fleet.lower_bound);
  return text + fmt::format(" ({}, {:.3f} s)\n", fleet.solver, fleet.seconds);
}

std::string Counts(const AssignedFleet& fleet) {
  std::string text = fmt::format("{} gateways", fleet.gateways.size());
  for (std::size_t a = 0; a < fleet.applications.size(); ++a) {
    text += fleet.applications.size() == 1 ? fmt::format(", {} without a variant", fleet.unassigned[a])
                                           : fmt::format(", {} without {}", fleet.unassigned[a], fleet.applications[a]);
  }
  const auto changes = std::count_if(fleet.gateways.begin(), fleet.gateways.end(), Changes);
  return text + fmt::format(", {} change\n", changes);
}

}  // namespace

std::string RenderAssignment(const AssignedFleet& fleet, LowerBound lower_bound, const Terminal& terminal) {
  std::string text = Headline(fleet, lower_bound) + Counts(fleet) + "\n";
  Table rules({"RULE", "COST"});
  for (const auto& [rule, cost] : fleet.costs_by_rule) {
    rules.AddRow({rule, {std::to_string(cost), cost == 0 ? Style::kPlain : Style::kWarning}});
  }
  text += rules.Render(terminal, "no rules") + "\n";
  std::vector<std::string> titles = {"GATEWAY"};
  for (const std::string& application : fleet.applications) {
    titles.push_back(fleet.applications.size() == 1 ? "GETS" : application);
  }
  titles.emplace_back("RAN");
  Table gateways(std::move(titles));
  for (const AssignedFleet::Gateway& gateway : fleet.gateways) {
    std::vector<Cell> cells = {gateway.name};
    std::string ran;
    for (std::size_t a = 0; a < gateway.gets.size(); ++a) {
      cells.emplace_back(gateway.gets[a].empty() ? "-" : gateway.gets[a],
                         gateway.gets[a].empty() ? Style::kWarning : Style::kPlain);
      ran += (a > 0 ? ", " : "") + (gateway.runs[a].empty() ? "-" : gateway.runs[a]);
    }
    cells.emplace_back(Changes(gateway) ? ran : "", Style::kFaint);
    gateways.AddRow(std::move(cells));
  }
  return text + gateways.Render(terminal, "no gateways");
}

std::string AssignmentJson(const AssignedFleet& fleet) {
  const bool one = fleet.applications.size() == 1;
  nlohmann::json costs = nlohmann::json::object();
  for (const auto& [rule, cost] : fleet.costs_by_rule) costs[rule] = cost;
  nlohmann::json assignment = nlohmann::json::object();
  for (const AssignedFleet::Gateway& gateway : fleet.gateways) {
    nlohmann::json& gets = assignment[gateway.name];
    for (std::size_t a = 0; a < fleet.applications.size(); ++a) {
      nlohmann::json& variant = one ? gets : gets[fleet.applications[a]];
      if (!gateway.gets[a].empty()) variant = gateway.gets[a];
    }
  }
  nlohmann::json unassigned;
  for (std::size_t a = 0; a < fleet.applications.size(); ++a) {
    (one ? unassigned : unassigned[fleet.applications[a]]) = fleet.unassigned[a];
  }
  const nlohmann::json document = {{"cost", fleet.cost},
                                   {"lower_bound", fleet.lower_bound},
                                   {"proven", fleet.proven},
                                   {"seconds", fleet.seconds},
                                   {"solver", fleet.solver},
                                   {"costs_by_rule", std::move(costs)},
                                   {"assignment", std::move(assignment)},
                                   {"unassigned", std::move(unassigned)}};
  // What is not UTF-8 can not stand in JSON.
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace motley::cli
