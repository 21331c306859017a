#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/assign/problem.h"
#include "common/base/result.h"
#include "common/fleet/application.h"
#include "common/fleet/classes.h"
#include "common/fleet/index.h"

namespace motley {

/// For each row and application, what runs there: the variant's place in its application and 1, or 0 for none of them.
/// Row by row. Of rows without a gateway, 0.
using Running = std::vector<std::uint16_t>;

/// The assignment problem of a fleet and some applications, and the way back from a solution to gateways. It stays
/// right while gateways come, change and go. The fleet must outlive it.
class FleetProblem {
 public:
  using Row = FleetIndex::Row;
  static constexpr std::size_t kMaxVariants = 65'000;

  /// `running` has a number for each row and application. Errors: kInvalid (no variants, too many variants, demands
  /// that combine in too many ways).
  static Result<FleetProblem> Create(const FleetIndex& fleet, std::vector<FleetApplication> applications,
                                     Running running);

  const assign::Problem& problem() const { return problem_; }
  const FleetClasses& classes() const { return classes_; }
  const Running& running() const { return running_; }

  /// To be called after the gateway of `row` has come, changed or gone, or runs something else. `running` has a number
  /// for each application. Classes keep their places in the problem; new ones are put behind.
  FleetClasses::Move Update(Row row, std::span<const std::uint16_t> running);

  /// What each gateway is to run, so that the solution's shares are met and the fewest gateways change what they run.
  /// With a salt the choice among equals is another one, and reproducible. `solution` is for problem() as it is now.
  Running Spread(const assign::Solution& solution, std::string_view salt = {}) const;

  /// What is not wrong but can hardly be meant: tags that no gateway has (with the nearest that one has), variants that
  /// no gateway fits and rules that are about no gateway.
  std::vector<std::string> Doubts() const;

 private:
  /// One thing that variants take from their gateway.
  struct Resource {
    enum class Kind { kLevel, kBoards, kPort };
    Kind kind;
    /// Into Distinctions::levels or boards.
    std::size_t place = 0;
    /// Into Problem::resources, where applications share it.
    std::optional<std::size_t> shared = std::nullopt;
    /// By variant of the problem.
    std::vector<std::int64_t> demands;
    /// kLevel: what each level has.
    std::vector<std::int64_t> steps = {0};
  };
  /// What is made from the applications before the fleet is looked at.
  struct Plan {
    assign::Problem problem;
    Distinctions distinctions;
    std::vector<Resource> resources;
    /// Applications whose gateways' current variants matter.
    std::vector<std::size_t> kept;
  };
  class Planner;

  FleetProblem(const FleetIndex& fleet, std::vector<FleetApplication> applications, Plan plan, Running running);

  std::vector<std::uint16_t> Extras(std::span<const std::uint16_t> running) const;
  std::int64_t CapacityOf(const Resource& resource, const FleetClasses::Traits& traits) const;
  assign::GatewayClass ClassOf(const FleetClasses::Entry& entry) const;
  void SpreadOver(std::span<const Row> rows, std::span<const assign::Share> shares, std::string_view salt,
                  Running& to) const;
  void DoubtTags(const std::vector<std::string>& tags, const std::string& where,
                 std::vector<std::string>& doubts) const;

  const FleetIndex* fleet_;
  std::vector<FleetApplication> applications_;
  assign::Problem problem_;
  std::vector<Resource> resources_;
  std::vector<std::size_t> kept_;
  /// Of the problem's variants, by application: where they begin.
  std::vector<std::size_t> first_variant_;
  Running running_;
  FleetClasses classes_;
};

}  // namespace motley
