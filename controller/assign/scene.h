#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/fleet/problem.h"
#include "controller/assign/question.h"

namespace motley::controller {

/// Which hard rules of the release stay hard.
enum class HardRules { kAll, kNoCounts };

/// A question as an assignment problem. The release is its first application; the question must outlive it.
class Scene {
 public:
  /// Errors: kInvalid (the request, demands that combine in too many ways).
  static Result<Scene> Create(const Question& question, HardRules hard);

  const Question& question() const { return *question_; }
  /// All enrolled gateways, or those that a preview has chosen.
  const FleetIndex& fleet() const { return own_ ? *own_ : *question_->fleet; }
  const FleetProblem& fleet_problem() const { return *problem_; }
  const assign::Problem& problem() const { return problem_->problem(); }
  const FleetApplication& application() const { return question_->release->parsed.application; }
  const Wanted* Before(FleetIndex::Row row) const { return before_.At(row); }
  /// Gateways that the plan is about, by name: rows of fleet().
  const std::vector<FleetIndex::Row>& rows() const { return rows_; }

  /// Place of the variant of this name and 1, or 0.
  std::uint16_t PlaceOf(std::string_view variant) const;
  const assign::GatewayClass& ClassOf(FleetIndex::Row row) const {
    return problem().classes[problem_->classes().Of(row)];
  }
  /// The release's variants that the class can run when it runs nothing else.
  std::vector<std::int32_t> Runnable(const assign::GatewayClass& gateways) const;

  /// What coverage that the rules only imply costs at least, since nothing fits some gateways.
  std::int64_t Unavoidable() const;
  /// As Decision::fleet_digest, for these rows.
  std::string DigestOf(const std::vector<FleetIndex::Row>& rows) const;

 private:
  explicit Scene(const Question& question) : question_(&question) {}
  Result<void> Choose();
  void TakeListed();
  std::vector<FleetApplication> Applications(HardRules hard) const;
  Running RunningNow(std::size_t applications) const;

  const Question* question_;
  std::unique_ptr<FleetIndex> own_;
  WantedByRow before_;
  std::vector<WantedByRow> others_;
  std::vector<FleetIndex::Row> rows_;
  std::unique_ptr<FleetProblem> problem_;
};

}  // namespace motley::controller
