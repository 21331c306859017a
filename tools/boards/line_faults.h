#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace motley::boards {

/// What goes wrong between a client and a board: on command, and with the same commands and bytes always in the same
/// way. One thread.
///
/// Commands, each of which replaces what it said before:
///   mute on|off        a dead UART: nothing passes either way
///   mute-at N          mute from the N-th of the bytes that the client sends from now on; "mute off" ends it
///   corrupt N          a bit flips in each of the next N bytes to the client; corrupt-input N: from it
///   lose N             the next N bytes to the client vanish; lose-input N: those from it
///   delay MS           bytes to the client come MS milliseconds later; 0: no longer
///   reset-at N         the board resets instead of taking the N-th of the bytes that the client sends from now on
class LineFaults {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr char kCommands[] =
      "mute on|off, mute-at N, corrupt N, corrupt-input N, lose N, lose-input N, delay MS, reset-at N";

  /// How a byte that the client sent gets to the board.
  struct Arrival {
    std::optional<std::uint8_t> byte;  ///< nothing: it does not
    bool reset = false;                ///< the board resets now
  };

  Arrival FromClient(std::uint8_t byte);
  /// How many bytes from the client pass before one that mutes or resets the board; nothing: no such byte is to come. A
  /// board that queues its input lets the queue run empty before it takes that byte.
  std::optional<std::uint64_t> UntilCut() const;

  /// Takes a byte that leaves the board at `now`.
  void ToClient(std::uint8_t byte, TimePoint now);
  /// The bytes that reach the client by `now`.
  std::vector<std::uint8_t> Deliver(TimePoint now);
  /// When the next byte reaches the client; nothing while none is under way.
  std::optional<TimePoint> NextDelivery() const;
  /// Forgets what is under way to the client.
  void DropOutput() { delayed_.clear(); }

  /// Carries out one of the commands: "ok" or "error <why>"; nothing when it is none of them.
  std::optional<std::string> Execute(std::string_view name, std::string_view argument);
  /// "muted=0 mute_at=0 ...": what is left to do of each command.
  std::string Statistics() const;

 private:
  struct Delayed {
    std::uint8_t byte;
    TimePoint due;
  };

  std::uint64_t* Counter(std::string_view name);

  bool muted_ = false;
  std::chrono::milliseconds delay_{};
  std::uint64_t mute_at_ = 0;  // 0: never
  std::uint64_t reset_at_ = 0;
  std::uint64_t corrupt_ = 0;
  std::uint64_t corrupt_input_ = 0;
  std::uint64_t lose_ = 0;
  std::uint64_t lose_input_ = 0;
  std::deque<Delayed> delayed_;
};

}  // namespace motley::boards
