#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/fleet/index.h"
#include "common/loop/loop.h"

namespace motley::controller {

/// Told where gateways stand in the index. Loop thread.
class RowListener {
 public:
  virtual ~RowListener() = default;
  virtual void OnRowTaken(const std::string& gateway, FleetIndex::Row row) = 0;
  virtual void OnRowFreed(FleetIndex::Row row) = 0;
};

/// The enrolled gateways by their attributes, in columns. While it is pinned it does not change, so that a worker can
/// read it; what changes meanwhile is taken over afterwards. Loop thread only, but for reading while it is pinned.
class FleetView {
 public:
  enum class Outcome { kSame, kChanged };

  const FleetIndex& index() const { return index_; }
  /// At most one; null for none.
  void SetListener(RowListener* listener) { listener_ = listener; }

  /// Until the handle ends, which must not outlive this object.
  Handle Pin();
  bool pinned() const { return pins_ > 0; }

  /// A gateway has come, or has these attributes now. One whose attributes are over the limits is left out, and Problem
  /// says why.
  Outcome Set(const Attributes& gateway);
  void Remove(const std::string& gateway);
  /// Null: there is none.
  const std::string* Problem(const std::string& gateway) const;

 private:
  void Apply(const std::string& gateway, const std::optional<Attributes>& attributes);
  void Drop(const std::string& gateway);
  std::optional<Attributes> Now(const std::string& gateway) const;

  FleetIndex index_;
  RowListener* listener_ = nullptr;
  int pins_ = 0;
  /// What waits for the last pin to end; nothing stands for a gateway that has gone.
  std::map<std::string, std::optional<Attributes>> waiting_;
  std::map<std::string, std::string> problems_;
};

}  // namespace motley::controller
