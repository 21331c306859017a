#include <algorithm>

#include "controller/store/column.h"
#include "controller/store/telemetry.h"

namespace motley::controller {

Result<void> TelemetryStore::Mark(std::int64_t now_us, std::int64_t keep_us) {
  return database_.Atomically([&]() -> Result<void> {
    TRY(database_.Run("INSERT OR REPLACE INTO telemetry_mark SELECT ?, id FROM next_point", {now_us}));
    // The newest that is too old is still needed: it tells where to begin.
    return database_.Run(
        "DELETE FROM telemetry_mark WHERE marked_us <"
        " (SELECT max(marked_us) FROM telemetry_mark WHERE marked_us <= ?)",
        {now_us - keep_us});
  });
}

Result<bool> TelemetryStore::Trim(std::int64_t before_us, std::int64_t max_rows, std::int64_t* series) {
  bool last = false;
  std::int64_t position = *series;
  TRY(database_.Atomically([&]() -> Result<void> {
    std::int64_t old = 0;
    TRY(database_.Query("SELECT coalesce(max(point), 0) FROM telemetry_mark WHERE marked_us <= ?", {before_us},
                        [&](const SqlRow& row) { old = row.Int(0); }));
    // A series counts as a row, so that many empty ones make no long step.
    for (std::int64_t left = max_rows; left > 0; --left) {
      std::int64_t id = 0;
      bool orphan = false;
      TRY(database_.Query(
          "SELECT id, gateway NOT IN (SELECT number FROM gateway) FROM series WHERE id >= ? ORDER BY id LIMIT 1",
          {position}, [&](const SqlRow& row) {
            id = row.Int(0);
            orphan = row.Int(1) != 0;
          }));
      last = id == 0;
      if (last) return {};
      TRY(
          database_.Run("DELETE FROM point WHERE series = ?1 AND id IN"
                        " (SELECT id FROM point WHERE series = ?1 AND id < ?2 ORDER BY id LIMIT ?3)",
                        {id, orphan ? INT64_MAX : old, left}));
      const std::int64_t deleted = database_.Changes();
      left -= deleted;
      if (left <= 0) return {};
      // Of a component or a device that is no more, say; a gateway can have so many series only.
      TRY(database_.Run("DELETE FROM series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM point WHERE series = ?1)",
                        {id}));
      position = id + 1;
    }
    return {};
  }));
  *series = position;
  return last;
}

}  // namespace motley::controller
