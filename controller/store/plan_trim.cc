// PlanStore: plans that are not wanted any more. A plan for a large fleet has too many rows to delete at once, so it
// first gets a state below 0, by which it is nobody's any more whenever the controller stops.
#include "controller/store/column.h"
#include "controller/store/plans.h"

namespace motley::controller {

Result<std::vector<std::int64_t>> PlanStore::AssignedGateways(std::uint64_t id, std::int64_t max_rows,
                                                              std::string* after) {
  std::vector<std::int64_t> numbers;
  std::string last;
  TRY(
      database_.Query("SELECT gateway, gateway_number, variant <> '' FROM assignment WHERE plan = ? AND gateway > ?"
                      " ORDER BY gateway LIMIT ?",
                      {Signed(id), *after, max_rows}, [&](const SqlRow& row) {
                        last = row.Text(0);
                        if (row.Int(2) != 0) numbers.push_back(row.Int(1));
                      }));
  *after = last;
  return numbers;
}

Result<void> PlanStore::Forget(std::uint64_t id) {
  return database_.Run("UPDATE plan SET state = -1 WHERE id = ?", {Signed(id)});
}

Result<bool> PlanStore::TrimForgotten(std::int64_t max_rows) {
  bool last = false;
  TRY(database_.Atomically([&]() -> Result<void> {
    for (std::int64_t left = max_rows; left > 0; --left) {
      std::int64_t id = 0;
      TRY(database_.Query("SELECT id FROM plan WHERE state < 0 ORDER BY id LIMIT 1", {},
                          [&](const SqlRow& row) { id = row.Int(0); }));
      last = id == 0;
      if (last) return {};
      TRY(
          database_.Run("DELETE FROM assignment WHERE plan = ?1 AND gateway IN"
                        " (SELECT gateway FROM assignment WHERE plan = ?1 ORDER BY gateway LIMIT ?2)",
                        {id, left}));
      left -= database_.Changes();
      if (left <= 0) return {};
      TRY(database_.Run("DELETE FROM plan WHERE id = ?", {id}));
    }
    return {};
  }));
  return last;
}

}  // namespace motley::controller
