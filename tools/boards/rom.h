#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/boards/serial_frame.h"

namespace motley::boards {

/// Time since the simulator started.
using Micros = std::chrono::microseconds;

/// A byte and how it is sent.
struct SentByte {
  std::uint8_t value;
  SerialFormat format;
};

/// A microcontroller as its serial port shows it: a bootloader in ROM or flash, and the application that it starts.
///
/// It has no clock and does no I/O: whoever owns it says what happens and when. `now` never goes backwards, and no call
/// comes with a later `now` than NextEvent() without an Advance() before. One thread.
class Rom {
 public:
  virtual ~Rom() = default;

  /// The supply comes: flash is as flash() holds it, all else as after manufacture. Comes first, and once.
  virtual void PowerOn(Micros now) = 0;
  /// The reset button.
  virtual void Reset(Micros now) = 0;
  /// DTR and RTS of the USB serial chip are now so (true: active, low on the pin). How they are wired to the pins for
  /// reset and boot mode is the board's own. Called after each change, also when the port is opened and closed.
  virtual void SetLines(bool dtr, bool rts, Micros now) = 0;
  /// A byte from the client is through the line, sent as `sender`. Heard() says what a UART makes of it.
  virtual void Receive(std::uint8_t byte, SerialFormat sender, Micros now) = 0;
  /// What is due by `now`, such as the end of an erase, happens. Afterwards NextEvent() is later than `now`.
  virtual void Advance(Micros now) = 0;
  /// When something happens without any byte or line; nothing: never.
  virtual std::optional<Micros> NextEvent() const = 0;

  /// What was sent since the last call, in order. Each byte has the format that it is sent with, so that a chip can
  /// answer and then change its baud rate.
  virtual std::vector<SentByte> TakeOutput() = 0;
  /// How often the chip has started, by whatever cause. A start cuts off what is still being sent.
  virtual std::uint64_t resets() const = 0;
  /// What its UART is set to.
  virtual SerialFormat format() const = 0;

  virtual std::span<std::uint8_t> flash() = 0;

  /// Carries out a command of board-ctl that only this chip has, such as "protect on" or "fail-write 0x1000": "ok",
  /// "ok <facts>" or "error <why>"; nothing when it is none.
  virtual std::optional<std::string> Execute(std::string_view command, Micros now) = 0;
  /// Those commands, as in "protect on|off, fail-write ADDRESS"; "" without any.
  virtual std::string Commands() const = 0;
  /// "erases=3 writes=12 ...": what only this chip counts; "" without any.
  virtual std::string Statistics() const = 0;
};

}  // namespace motley::boards
