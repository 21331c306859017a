// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "common/base/result.h"
#include "tools/boards/serial_frame.h"

struct avr_t;
struct avr_flash_t;
struct avr_uart_t;

namespace motley::avrsim {

/// What differs between the chips that there are.
struct ChipModel {
  const char* name;  ///< simavr's
  std::size_t flash_bytes;
  char led_port;  ///< where an Arduino has its LED
  std::uint32_t led_pin;
  bool measures_itself;  ///< has a temperature sensor on the die
};

/// "atmega328p" or "atmega2560". Errors: kInvalid (names the known ones).
Result<const ChipModel*> FindChipModel(const std::string& name);

/// An AVR at 16 MHz with its boot reset vector programmed, on simavr's core.
///
/// Time is counted in CPU cycles and moves only in RunUntil(). Beyond simavr it has the time that a page erase or write
/// takes, flash in which writing only clears bits, a UART of 10 bits a byte whose receiver overruns after the bytes
/// that silicon can hold, and a line that garbles what comes at another baud rate or parity. It has no lock bits, and
/// EEPROM is lost with the object.
class Chip {
 public:
  static constexpr std::uint32_t kHz = 16'000'000;

  enum class State {
    kRunning,
    kSleeping,  ///< until an interrupt
    kHalted,    ///< crashed, or asleep with interrupts off: nothing but a reset wakes it
  };
  enum class ResetCause { kPowerOn, kExternal };

  struct Counters {
    std::uint64_t received = 0;  ///< bytes that reached the UART
    std::uint64_t sent = 0;      ///< bytes that the firmware wrote
    std::uint64_t overruns = 0;  ///< lost, since the firmware did not read in time
    std::uint64_t garbled = 0;   ///< arrived with another baud rate or parity than the UART has
    std::uint64_t resets = 0;    ///< power-on and external ones
    std::uint64_t watchdog_resets = 0;
    std::uint64_t led_edges = 0;
  };

  /// A chip with erased flash that starts at `boot_address` (bytes) after each reset.
  ///
  /// Errors: kInternal (this simavr does not know the model).
  static Result<std::unique_ptr<Chip>> Create(const ChipModel& model, std::uint32_t boot_address);
  ~Chip();
  Chip(const Chip&) = delete;
  Chip& operator=(const Chip&) = delete;

  std::span<std::uint8_t> flash();
  /// Bytes on their way in or out are lost.
  void Reset(ResetCause cause);

  void RunUntil(std::uint64_t cycle);
  std::uint64_t cycle() const;
  State state() const;
  /// The cycle at which a sleeping chip has something to do next; nothing when it is halted.
  std::optional<std::uint64_t> NextEvent() const;

  /// Puts a byte on the line to the UART, behind those that are on it; it takes 10 bit times of its baud rate.
  void Receive(std::uint8_t value, boards::SerialFormat format);
  /// Bytes on the line that have not reached the UART.
  std::size_t pending_input() const { return input_.size(); }
  /// What the firmware sent; the owner takes bytes off the front when they are due.
  std::deque<boards::LineByte>& output() { return output_; }
  boards::SerialFormat format() const;

  /// What the temperature sensor on the die measures, if there is one.
  void SetTemperature(double celsius);
  /// From now on the byte of flash at `address` keeps what it has, whatever is erased or written; nothing: all is well.
  void SetWorn(std::optional<std::uint32_t> address) { worn_ = address; }
  /// In bytes, as avr-objdump prints it.
  std::uint32_t program_counter() const;
  const Counters& counters() const { return counters_; }

 private:
  struct Hooks;   // simavr's callbacks
  struct Module;  // our place in simavr's list of peripherals

  explicit Chip(const ChipModel& model);
  void Deliver(const boards::LineByte& byte);
  std::uint32_t CyclesPerBit() const;
  std::span<std::uint8_t> PageAtZ();

  const ChipModel& model_;
  avr_t* avr_ = nullptr;
  avr_uart_t* uart_ = nullptr;
  avr_flash_t* self_programming_ = nullptr;
  std::unique_ptr<Module> module_;
  std::deque<boards::LineByte> input_;
  std::deque<boards::LineByte> output_;
  Counters counters_;
  std::optional<std::uint32_t> worn_;
  bool resetting_ = false;  // by Reset(); else a reset is the watchdog's
};

}  // namespace motley::avrsim
