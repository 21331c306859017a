#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/loop/loop.h"

namespace motley::controller {

/// Counts what is ignored, by kind, and logs each kind at most once a minute: whoever floods the broker must not flood
/// the log. Loop thread only.
class Complaints {
 public:
  explicit Complaints(Loop& loop) : loop_(loop) {}

  /// `kind` is one of a few fixed texts; `detail` may hold what a stranger sent.
  void Add(std::string_view kind, std::string_view detail);
  std::uint64_t count(std::string_view kind) const;

 private:
  struct Kind {
    std::uint64_t count = 0;
    std::uint64_t logged = 0;
    std::chrono::steady_clock::time_point next_log{};
  };
  Loop& loop_;
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace motley::controller
