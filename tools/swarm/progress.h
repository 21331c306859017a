#pragma once

#include <chrono>
#include <string>

#include "common/loop/loop.h"
#include "tools/swarm/swarm.h"

namespace motley::swarm {

/// Writes to standard error how far a swarm is: on a terminal a line that is written over each second, else a line when
/// something has changed. Says once how long it took until all were there. Loop thread only.
class Progress {
 public:
  /// Both outlive it.
  Progress(Loop& loop, const Swarm& swarm);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Look();
  void SayWhenThere(const Figures& figures);

  Loop& loop_;
  const Swarm& swarm_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_line_;
  bool enrolled_ = false;
  bool there_ = false;
  double enrol_seconds_ = 0;
  std::string shown_;
  Handle timer_;
};

}  // namespace motley::swarm
