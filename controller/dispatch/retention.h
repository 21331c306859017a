#pragma once

#include <chrono>

#include "common/loop/loop.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Deletes old telemetry every hour, in steps between which the loop does other work. Loop thread only.
class Retention {
 public:
  /// `keep` counts from when telemetry was stored; at least an hour.
  Retention(Loop& loop, Store& store, std::chrono::hours keep);

 private:
  void Begin();
  void Step();

  Loop& loop_;
  Store& store_;
  const std::chrono::hours keep_;
  std::int64_t before_us_ = 0;
  std::int64_t series_ = 0;
  Handle timer_;
};

}  // namespace motley::controller
