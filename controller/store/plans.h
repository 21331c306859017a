#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "common/sql/database.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// An assignment as it is stored.
struct AssignmentRecord {
  std::int64_t gateway_number = 0;
  v1::Assignment assignment;
};

/// Plans and their assignments. Loop thread only. Errors of all calls: as Database.
class PlanStore {
 public:
  explicit PlanStore(Database& database) : database_(database) {}

  /// Stores a plan; `plan` has neither id nor assignments. Its id.
  Result<std::uint64_t> Insert(const v1::Plan& plan, std::span<const AssignmentRecord> assignments);
  /// The id of a plan that is stored piece by piece: it gets assignments by Add, and then the rest by Update. Until
  /// that nobody finds it, and RemoveUnfinished removes it.
  Result<std::uint64_t> Begin();
  Result<void> Add(std::uint64_t id, std::span<const AssignmentRecord> assignments);
  Result<void> RemoveUnfinished();
  /// Replaces all but the assignments.
  Result<void> Update(const v1::Plan& plan);
  /// Without assignments.
  Result<std::optional<v1::Plan>> Find(std::uint64_t id);
  /// By gateway.
  Result<void> ForEachAssignment(std::uint64_t id, const std::function<void(AssignmentRecord)>& each);
  Result<std::optional<AssignmentRecord>> FindAssignment(std::uint64_t id, std::string_view gateway);
  /// Newest first, without assignments.
  Result<v1::PlanList> List();

  /// Numbers of the gateways that plan `id` has a variant for: at most `max_rows`, in the order of their names after
  /// `*after`, which is moved forward and empty after the last.
  Result<std::vector<std::int64_t>> AssignedGateways(std::uint64_t id, std::int64_t max_rows, std::string* after);
  /// It is not there for anybody any more; TrimForgotten deletes it.
  Result<void> Forget(std::uint64_t id);
  /// A step of deleting what was forgotten: at most `max_rows` rows. Whether that was the last step.
  Result<bool> TrimForgotten(std::int64_t max_rows);

 private:
  Database& database_;
};

}  // namespace motley::controller
