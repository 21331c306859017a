#pragma once

#include <chrono>
#include <map>
#include <string>

namespace motley::controller {

/// Bounds failed attempts, by caller: 20 at once, then one a second. Guesses become hopeless, and a fleet behind one
/// address that succeeds is never held up. Loop thread only.
class FailureLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  bool IsExhausted(const std::string& caller, Time now) const;
  void Count(const std::string& caller, Time now);

 private:
  struct Entry {
    double failures = 0;
    Time at;
  };
  double FailuresOf(const std::string& caller, Time now) const;
  void Forget(Time now);

  std::map<std::string, Entry> entries_;
};

}  // namespace motley::controller
