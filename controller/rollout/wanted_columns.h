#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/fleet/shared_codes.h"
#include "controller/assign/question.h"
#include "controller/registry/registry.h"
#include "controller/rollout/safe_modes.h"

namespace motley::controller {

/// What gateways have of one application, by row of the view.
class WantedColumn {
 public:
  /// Null: nothing.
  void Set(FleetIndex::Row row, const Wanted* wanted);
  bool empty() const { return places_.empty(); }
  /// All that some gateway has, in an order that does not depend on the gateways'.
  std::vector<Wanted> Kinds() const;
  /// As it is now; what is not among `kinds` counts as nothing.
  WantedByRow Share(std::vector<Wanted> kinds);

 private:
  using Key = std::pair<std::string, std::string>;
  using Code = SharedCodes::Code;
  struct Kind {
    Key key;
    /// By rows.
    std::size_t uses = 0;
  };

  Code Use(const Wanted& wanted);
  void Release(Code code);

  /// By version and variant: the code, which is a place in `kinds_`.
  std::map<Key, Code> places_;
  std::vector<Kind> kinds_ = std::vector<Kind>(1);
  std::vector<Code> free_;
  SharedCodes rows_;
};

/// What all gateways of the registry's view are to run, column by column, kept as the fleet changes: a plan is made
/// from it without a look at each gateway. Loop thread only; what it gives away may be read by a worker.
class WantedColumns final : public RowListener {
 public:
  /// Both outlive this object, which listens to the registry's view.
  WantedColumns(Registry& registry, const SafeModes& safe_modes);
  ~WantedColumns() override;
  WantedColumns(const WantedColumns&) = delete;
  WantedColumns& operator=(const WantedColumns&) = delete;

  /// To be called after what the gateway is to run, or goes back to after safe mode, has changed.
  void Refresh(const std::string& gateway);

  /// By application: what gateways have of it now.
  std::map<std::string, WantedColumn>& desired() { return desired_; }
  /// By application: what those in safe mode go back to.
  std::map<std::string, WantedColumn>& remembered() { return remembered_; }

  void OnRowTaken(const std::string& gateway, FleetIndex::Row row) override;
  void OnRowFreed(FleetIndex::Row row) override;

 private:
  using Columns = std::map<std::string, WantedColumn>;
  static void Replace(FleetIndex::Row row, const std::map<std::string, Wanted>& wanted, Columns& columns);

  Registry& registry_;
  const SafeModes& safe_modes_;
  Columns desired_;
  Columns remembered_;
};

}  // namespace motley::controller
