#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace motley::agent {

/// Tells starts of a board's application that were asked for from those that were not, by its hellos. Pure.
class Starts {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// So many starts that nobody asked for within the window before now are a crash loop.
  static constexpr std::size_t kLoopStarts = 3;
  static constexpr std::chrono::seconds kLoopWindow{30};
  static constexpr std::size_t kRemembered = 100;

  /// A start was asked for: a reset, a flash, opening the port. The next hello is its.
  void Expect();
  /// Another program is on the board, or the same anew: what the one before did says nothing about it.
  void Forget();
  void Saw(Time now);

  /// Starts that nobody asked for.
  std::uint32_t unasked() const { return unasked_; }
  /// Those of them from `from` on that came after the last start that was asked for; at most kRemembered.
  std::uint32_t UnaskedSince(Time from) const;
  bool InCrashLoop(Time now) const;

 private:
  bool expected_ = true;
  std::uint32_t unasked_ = 0;
  /// After the last start that was asked for.
  std::size_t streak_ = 0;
  /// The last kRemembered that nobody asked for.
  std::deque<Time> recent_;
};

}  // namespace motley::agent
