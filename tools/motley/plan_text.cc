#include "tools/motley/plan_text.h"

#include <fmt/format.h>

#include "tools/motley/table.h"

namespace motley::cli {
namespace {

Cell StateCell(v1::Plan::State state) {
  const std::string name(StateName(state));
  switch (state) {
    case v1::Plan::STATE_ENACTED:
      return Cell(name, Style::kGood);
    case v1::Plan::STATE_REJECTED:
      return Cell(name, Style::kBad);
    default:
      return Cell(name, Style::kWarning);
  }
}

Cell VariantCell(const std::string& variant) {
  return variant.empty() ? Cell("none", Style::kWarning) : Cell(variant, Style::kGood);
}

std::string CostLine(const v1::PlanSolution& solution) {
  const std::string bound =
      solution.proven() ? std::string("proven optimal")
                        : fmt::format("not proven: at most {} from optimal", solution.cost() - solution.lower_bound());
  return fmt::format("{}, lower bound {}, {} ({}, {:.3f} s)", solution.cost(), solution.lower_bound(), bound,
                     solution.solver(), solution.seconds());
}

std::string RenderCosts(const v1::PlanSolution& solution, const Terminal& terminal) {
  Table table({"RULE", "LINE", "", "COST"});
  const auto cost_cell = [](std::int64_t cost) {
    return Cell(std::to_string(cost), cost > 0 ? Style::kWarning : Style::kPlain);
  };
  if (solution.preference_cost() > 0) {
    table.AddRow({Cell("preference"), Cell("-"), Cell("soft"), cost_cell(solution.preference_cost())});
  }
  for (const v1::RuleCost& rule : solution.rules()) {
    table.AddRow({Cell(rule.name()), Cell(rule.line() > 0 ? std::to_string(rule.line()) : "-"),
                  Cell(rule.hard() ? "hard" : "soft"), cost_cell(rule.cost())});
  }
  return table.empty() ? "" : "\n" + table.Render(terminal, "");
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

/// What it would cost more than what is planned.
Cell CostCell(const v1::Assignment& assignment, const v1::VariantVerdict& verdict) {
  if (!verdict.fits()) return Cell("-", Style::kFaint);
  if (verdict.variant() == assignment.variant()) return Cell("planned", Style::kGood);
  if (!verdict.broken().empty()) return Cell("breaks a rule", Style::kBad);
  return Cell(fmt::format("{:+}", verdict.extra_cost()));
}

}  // namespace

std::string_view StateName(v1::Plan::State state) {
  switch (state) {
    case v1::Plan::STATE_PROPOSED:
      return "proposed";
    case v1::Plan::STATE_APPROVED:
      return "approved";
    case v1::Plan::STATE_ENACTED:
      return "enacted";
    case v1::Plan::STATE_REJECTED:
      return "rejected";
    default:
      return "unknown";
  }
}

std::string_view KindName(v1::Plan::Kind kind) {
  switch (kind) {
    case v1::Plan::KIND_PREVIEW:
      return "preview";
    case v1::Plan::KIND_SAFE_MODE:
      return "safe mode";
    case v1::Plan::KIND_SHUFFLE:
      return "shuffle";
    case v1::Plan::KIND_JOIN:
      return "join";
    default:
      return "production";
  }
}

std::string RenderPlans(const v1::PlanList& list, const Terminal& terminal, Clock::time_point now) {
  Table table({"PLAN", "KIND", "APPLICATION", "VERSION", "STATE", "PROPOSED", "ASSIGNED", "UNASSIGNED", "REASON"});
  for (const v1::Plan& plan : list.plans()) {
    table.AddRow({std::to_string(plan.id()), std::string(KindName(plan.kind())), plan.application(), plan.version(),
                  StateCell(plan.state()), Ago(plan.proposed_at(), now), std::to_string(plan.assigned()),
                  std::to_string(plan.unassigned()), plan.reason().empty() ? plan.cause() : plan.reason()});
  }
  return table.Render(terminal, "no plans; `motley release push FILE` proposes one");
}

std::string RenderPlan(const v1::Plan& plan, const Terminal& terminal, Clock::time_point now) {
  const std::string replaced = plan.replaced_by() > 0 ? std::to_string(plan.replaced_by()) : "";
  std::string text =
      RenderFields(terminal, {{"plan", Cell(std::to_string(plan.id()), Style::kStrong)},
                              {"kind", std::string(KindName(plan.kind()))},
                              {"cause", plan.cause()},
                              {"release", plan.application() + " " + plan.version()},
                              {"state", StateCell(plan.state())},
                              {"reason", plan.reason()},
                              {"replaced by", replaced},
                              {"proposed", Ago(plan.proposed_at(), now)},
                              {"decided", Ago(plan.decided_at(), now)},
                              {"decided by", plan.decided_by()},
                              {"enacted", Ago(plan.enacted_at(), now)},
                              {"gateways", fmt::format("{} assigned, {} without a variant, {} change", plan.assigned(),
                                                       plan.unassigned(), plan.moves())},
                              {"cost", plan.solution().solver().empty() ? "" : CostLine(plan.solution())}});
  for (const std::string& doubt : plan.doubts()) {
    text += terminal.Paint(Style::kWarning, "doubt: " + Printable(doubt)) + "\n";
  }
  text += RenderCosts(plan.solution(), terminal);
  Table table({"GATEWAY", "VARIANT", "BEFORE", "REASON"});
  for (const v1::Assignment& assignment : plan.assignments()) {
    table.AddRow(
        {assignment.gateway(), VariantCell(assignment.variant()), OrDash(assignment.previous()), assignment.reason()});
  }
  return text + "\n" + table.Render(terminal, "The fleet has no gateways; `motley gateway add NAME` makes one.");
}

std::string RenderSteps(const v1::PlanSteps& steps, const Terminal& terminal) {
  if (steps.groups_size() == 0) return "The plan has no gateway with a variant.\n";
  std::string text;
  for (const v1::PlanSteps::Group& group : steps.groups()) {
    std::string gateways;
    for (const std::string& gateway : group.gateways()) gateways += (gateways.empty() ? "" : ", ") + gateway;
    const std::string title = fmt::format("{} -> {}", group.from().empty() ? "nothing" : group.from(), group.to());
    text += (text.empty() ? "" : "\n") + terminal.Paint(Style::kStrong, title) + ": " + gateways + "\n";
    Table table({"STEP", "DO", "COMPONENT", "KIND", "WHY", "AFTER", "UNDO"});
    for (int i = 0; i < group.steps_size(); ++i) {
      const v1::DeploymentStep& step = group.steps(i);
      std::string after;
      for (const std::uint32_t before : step.after()) {
        after += (after.empty() ? "" : ", ") + std::to_string(before + 1);
      }
      table.AddRow({std::to_string(i + 1), step.action(), step.component(), step.kind(), step.reason(),
                    after.empty() ? "-" : after, step.undo()});
    }
    text += table.Render(terminal, "nothing to do: it is all there");
  }
  return text;
}

std::string RenderExplanation(const v1::Assignment& assignment, const Terminal& terminal) {
  std::string text = RenderFields(terminal, {{"gateway", Cell(assignment.gateway(), Style::kStrong)},
                                             {"variant", VariantCell(assignment.variant())},
                                             {"before", OrDash(assignment.previous())},
                                             {"reason", assignment.reason()},
                                             {"nearest change", assignment.nearest_change()}});
  Table table({"VARIANT", "FITS", "PREFER", "COST", "WHY"});
  for (const v1::VariantVerdict& verdict : assignment.verdicts()) {
    table.AddRow({verdict.variant(), verdict.fits() ? Cell("yes", Style::kGood) : Cell("no", Style::kBad),
                  std::to_string(verdict.prefer()), CostCell(assignment, verdict), verdict.reason()});
  }
  return text + "\n" + table.Render(terminal, "no variants");
}

}  // namespace motley::cli
