#pragma once

#include <cstdint>

namespace motley::boards {

enum class Parity : char { kNone = 'n', kEven = 'e', kOdd = 'o' };

/// How one side of an asynchronous line sends and expects its bytes.
struct SerialFormat {
  std::uint32_t baud = 9600;
  Parity parity = Parity::kNone;
};

/// Whether a byte sent as `sender` arrives intact at `receiver`.
///
/// A receiver samples the stop bit 9.5 bit times after the start edge and is then off by at most half a bit, so that
/// about 5 % of difference is the limit; a UART with eight samples a bit allows less (ATmega328P datasheet, table
/// "Recommended Maximum Receiver Baud Rate Error": 4 % with U2X).
inline bool Understands(const SerialFormat& receiver, const SerialFormat& sender) {
  if (receiver.parity != sender.parity || sender.baud == 0) return false;
  const double ratio = static_cast<double>(receiver.baud) / sender.baud;
  return ratio > 0.96 && ratio < 1.04;
}

/// What `receiver` makes of `byte` sent as `sender`: the byte, or garbage that is always the same.
inline std::uint8_t Heard(const SerialFormat& receiver, const SerialFormat& sender, std::uint8_t byte) {
  return Understands(receiver, sender) ? byte : byte ^ 0x5a;
}

/// Start, eight data, parity where there is one, stop.
inline unsigned BitsPerByte(const SerialFormat& format) { return format.parity == Parity::kNone ? 10 : 11; }

/// One byte under way on the line.
struct LineByte {
  std::uint8_t value;
  SerialFormat format;
  std::uint64_t due_cycle = 0;  ///< when its stop bit is through
};

}  // namespace motley::boards
