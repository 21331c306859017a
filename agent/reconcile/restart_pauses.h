#pragma once

#include <chrono>
#include <map>
#include <string>

namespace motley::agent {

/// When an unhealthy component may be restarted: at once, then after pauses that double from 10 s to 10 min; at once
/// again after an hour without a restart.
class RestartPauses {
 public:
  using Time = std::chrono::steady_clock::time_point;

  bool May(const std::string& key, Time now) const;
  void Restarted(const std::string& key, Time now);

 private:
  struct Entry {
    Time last;
    std::chrono::seconds pause;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace motley::agent
