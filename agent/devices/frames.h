#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/devices/lines.h"
#include "motley/v1/telemetry.pb.h"

namespace motley::agent {

/// The message in what stands between the two zeros of a frame; nothing when it is broken.
/// Source: COBS, Cheshire and Baker, 1999; CRC-16/CCITT-FALSE.
std::optional<v1::DeviceMessage> ParseFrame(std::span<const std::uint8_t> frame);

/// Takes apart what comes from a board: lines of text, and frames (v1::DeviceMessage), mixed as they like.
///
/// After noise the next line and the next but one frame are found again: a zero that ends a broken frame may be the one
/// that begins the next.
class DeviceStream {
 public:
  /// Between its zeros.
  static constexpr std::size_t kMaxFrameBytes = 512;

  struct Sink {
    std::function<void(std::string line)> line;
    std::function<void(const v1::DeviceMessage& message)> message;
  };
  void Add(std::span<const std::uint8_t> bytes, const Sink& sink);
  /// As after a reset of the board.
  void Clear();

  /// Since the object was made.
  std::uint64_t broken_frames() const { return broken_frames_; }

 private:
  void EndFrame(const Sink& sink);
  /// It was no frame: text, or noise.
  void GiveUp(const Sink& sink);

  LineSplitter lines_;
  bool in_frame_ = false;
  std::vector<std::uint8_t> frame_;
  std::uint64_t broken_frames_ = 0;
};

}  // namespace motley::agent
