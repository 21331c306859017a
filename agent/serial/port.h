#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

using Deadline = std::chrono::steady_clock::time_point;

enum class Parity { kNone, kEven };

/// 8 data bits and one stop bit.
struct SerialFormat {
  std::uint32_t baud;
  Parity parity = Parity::kNone;
};

/// True is active, which is a low level on the pin of a UART.
struct ModemLines {
  bool dtr;
  bool rts;
};

/// An open serial port without flow control, for this process alone; closes with the object.
///
/// One thread at a time. Errors of all calls: kUnavailable when the port is gone (the board was pulled).
class SerialPort {
 public:
  virtual ~SerialPort() = default;

  /// "/dev/ttyACM0".
  virtual const std::string& name() const = 0;

  /// Becomes readable when there is something to read or the port is gone. Stays the port's.
  virtual int fd() const = 0;

  /// Takes what is there, at least one byte; the number of bytes. A deadline in the past only looks.
  /// Errors: kTimeout (nothing came).
  virtual Result<std::size_t> Read(std::span<std::uint8_t> buffer, Deadline deadline) = 0;

  /// Hands all of `data` to the driver. Errors: kTimeout (the driver does not take it).
  virtual Result<void> Write(std::span<const std::uint8_t> data, Deadline deadline) = 0;

  /// Takes effect now; what is under way in either direction is garbled. Errors: kInvalid (the port can not do that).
  virtual Result<void> SetFormat(SerialFormat format) = 0;

  /// DTR going active resets boards of the Arduino family.
  virtual Result<void> SetModemLines(ModemLines lines) = 0;

  /// Throws away what was received and not read.
  virtual Result<void> DiscardInput() = 0;
};

/// Fills `buffer`. Errors: as SerialPort::Read; kTimeout says how many bytes came.
Result<void> ReadExactly(SerialPort& port, std::span<std::uint8_t> buffer, Deadline deadline);

/// Reads and throws away until `until`; the number of bytes.
Result<std::size_t> DiscardUntil(SerialPort& port, Deadline until);

/// A serial port of this machine, open or not.
struct PortInfo {
  std::string name;
  /// All 0 and empty for what is not on USB, or does not say.
  std::uint32_t usb_vendor = 0;
  std::uint32_t usb_product = 0;
  std::string serial_number;

  bool IsUsb() const { return usb_vendor != 0; }
  bool operator==(const PortInfo&) const = default;
};

/// The serial ports of a machine. Any thread; both calls may block for some ms.
class SerialSystem {
 public:
  virtual ~SerialSystem() = default;

  virtual Result<std::vector<PortInfo>> List() = 0;

  /// 8N1. Opening makes DTR and RTS active, which resets boards of the Arduino family unless they were.
  /// Errors: kNotFound (lists the ports there are), kDenied, kConflict (in use, by whom), kInvalid (baud rate).
  virtual Result<std::unique_ptr<SerialPort>> Open(const std::string& name, std::uint32_t baud) = 0;
};

/// On libserialport.
std::unique_ptr<SerialSystem> CreateSerialSystem();

}  // namespace motley::agent
