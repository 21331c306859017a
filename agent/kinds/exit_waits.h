#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "common/files/files.h"
#include "common/loop/loop.h"

namespace motley::agent {

/// Waits on the loop for processes to be gone, one for each key. Loop thread only.
class ExitWaits {
 public:
  explicit ExitWaits(Loop& loop) : loop_(loop) {}

  /// Calls `done` once the process of `process`, a pidfd, is gone, or after `at_most`; soon if `process` is unset.
  /// Never from within this call. A wait of the same key must have ended.
  void Wait(const std::string& key, UniqueFd process, std::chrono::milliseconds at_most, std::function<void()> done);

 private:
  struct Pending {
    UniqueFd process;
    std::function<void()> done;
    // After what they use, so that they end first.
    Handle watch;
    Handle timer;
  };

  void Finish(const std::string& key);

  Loop& loop_;
  std::map<std::string, Pending> pending_;
};

}  // namespace motley::agent
