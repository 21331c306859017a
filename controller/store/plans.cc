#include "controller/store/plans.h"

#include "controller/store/column.h"

namespace motley::controller {
namespace {

AssignmentRecord AssignmentOf(const SqlRow& row) {
  AssignmentRecord record;
  record.gateway_number = row.Int(0);
  record.assignment.set_gateway(row.Text(1));
  record.assignment.set_variant(row.Text(2));
  record.assignment.set_reason(row.Text(3));
  record.assignment.set_previous(row.Text(4));
  return record;
}

}  // namespace

Result<std::uint64_t> PlanStore::Insert(const v1::Plan& plan, std::span<const AssignmentRecord> assignments) {
  v1::Plan numbered = plan;
  TRY(database_.Atomically([&]() -> Result<void> {
    TRY_ASSIGN(const std::uint64_t id, Begin());
    numbered.set_id(id);
    TRY(Add(id, assignments));
    return Update(numbered);
  }));
  return numbered.id();
}

Result<std::uint64_t> PlanStore::Begin() {
  TRY(database_.Run("INSERT INTO plan (state, content) VALUES (0, '')"));
  return Unsigned(database_.LastInsertId());
}

Result<void> PlanStore::Add(std::uint64_t id, std::span<const AssignmentRecord> assignments) {
  return database_.Atomically([&]() -> Result<void> {
    for (const auto& [gateway_number, assignment] : assignments) {
      TRY(database_.Run("INSERT INTO assignment VALUES (?, ?, ?, ?, ?, ?)",
                        {Signed(id), assignment.gateway(), gateway_number, assignment.variant(), assignment.reason(),
                         assignment.previous()}));
    }
    return {};
  });
}

Result<void> PlanStore::RemoveUnfinished() {
  return database_.Atomically([&]() -> Result<void> {
    TRY(database_.Run("DELETE FROM assignment WHERE plan IN (SELECT id FROM plan WHERE state = 0)"));
    return database_.Run("DELETE FROM plan WHERE state = 0");
  });
}

Result<void> PlanStore::Update(const v1::Plan& plan) {
  const std::string bytes = plan.SerializeAsString();
  return database_.Run("UPDATE plan SET state = ?, content = ? WHERE id = ?",
                       {static_cast<std::int64_t>(plan.state()), Blob{bytes}, Signed(plan.id())});
}

Result<std::optional<v1::Plan>> PlanStore::Find(std::uint64_t id) {
  std::optional<v1::Plan> plan;
  FirstError error;
  TRY(database_.Query("SELECT content FROM plan WHERE id = ? AND state > 0", {Signed(id)},
                      [&](const SqlRow& row) { error.Add(ParseColumn(row, 0, "plan", plan.emplace())); }));
  TRY(std::move(error).Take());
  return plan;
}

Result<void> PlanStore::ForEachAssignment(std::uint64_t id, const std::function<void(AssignmentRecord)>& each) {
  return database_.Query(
      "SELECT gateway_number, gateway, variant, reason, previous FROM assignment WHERE plan = ? ORDER BY gateway",
      {Signed(id)}, [&](const SqlRow& row) { each(AssignmentOf(row)); });
}

Result<std::optional<AssignmentRecord>> PlanStore::FindAssignment(std::uint64_t id, std::string_view gateway) {
  std::optional<AssignmentRecord> record;
  TRY(database_.Query(
      "SELECT gateway_number, gateway, variant, reason, previous FROM assignment WHERE plan = ? AND gateway = ?",
      {Signed(id), gateway}, [&](const SqlRow& row) { record = AssignmentOf(row); }));
  return record;
}

Result<v1::PlanList> PlanStore::List() {
  v1::PlanList list;
  FirstError error;
  TRY(database_.Query("SELECT content FROM plan WHERE state > 0 ORDER BY id DESC", {},
                      [&](const SqlRow& row) { error.Add(ParseColumn(row, 0, "plan", *list.add_plans())); }));
  TRY(std::move(error).Take());
  return list;
}

}  // namespace motley::controller
