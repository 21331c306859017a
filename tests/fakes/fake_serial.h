#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/serial/port.h"
#include "common/files/files.h"

namespace motley::tests {

/// An ATmega328P with optiboot on a serial port that is not there, with faults to order. Its "program" is text: an
/// image that begins with "version=1.0.0;" says hello with that version when it starts, and any other says nothing.
class FakeBoard {
 public:
  FakeBoard();

  std::vector<std::uint8_t> flash;
  std::vector<std::uint8_t> signature{0x1E, 0x95, 0x0F};
  /// No bootloader answers.
  bool silent = false;
  /// The application ignores resets and goes on talking.
  bool talks = false;
  /// The byte at this address can not be written.
  int broken_address = -1;
  /// Unplugged when so many bytes were sent to it; -1: never.
  int unplug_after = -1;
  /// The answer number this, counted from 1, is garbled; 0: none.
  int garble_answer = 0;
  /// Whether the program that checks the flash runs; it needs a clock of 16 MHz.
  bool runs_self_check = true;
  bool present = true;
  /// So many times the application starts anew by itself right after a start.
  int crashes = 0;
  /// Called before each page is written, on the thread that writes.
  std::function<void()> before_page;
  /// Whoever opens it is told that another program has it.
  bool busy = false;
  int opened = 0;
  int pages_written = 0;
  int pages_read = 0;
  int bootloader_starts = 0;

  /// Unplugged when so many more bytes were sent to it; -1: never.
  void CutAfter(int bytes) { unplug_after = bytes < 0 ? -1 : received_ + bytes; }
  void Say(const std::string& text);
  /// The power goes away and the port with it.
  void Unplug();
  /// As opening the port does, or a DTR edge, after which a bootloader is there.
  void Reset(bool into_bootloader);

 private:
  friend class FakePort;
  void Receive(std::uint8_t byte);
  bool RunCommand();
  void Answer(const std::vector<std::uint8_t>& data);
  void StartApplication();
  void SayHello();

  UniqueFd reader_;
  UniqueFd writer_;
  bool in_bootloader_ = false;
  std::vector<std::uint8_t> command_;
  std::size_t address_ = 0;
  int received_ = 0;
  int answers_ = 0;
};

/// The port of a FakeBoard; for Stk500v1 without a system around it.
std::unique_ptr<agent::SerialPort> OpenFakePort(FakeBoard& board);

/// A machine whose ports a test plugs and unplugs.
class FakeSerialSystem final : public agent::SerialSystem {
 public:
  /// The board's USB ids are those of an Uno, or `usb_product` of the same maker.
  FakeBoard& Plug(const std::string& port, const std::string& serial_number, std::uint32_t usb_product = 0x0043);

  Result<std::vector<agent::PortInfo>> List() override;
  Result<std::unique_ptr<agent::SerialPort>> Open(const std::string& name, std::uint32_t baud) override;

 private:
  struct Entry {
    agent::PortInfo info;
    std::unique_ptr<FakeBoard> board;
  };
  /// Tests plug boards in while a worker lists them.
  std::mutex mutex_;
  std::map<std::string, Entry> ports_;
};

/// An image whose program says hello with `version`, which may have further words behind it.
std::string FakeProgram(const std::string& version);

}  // namespace motley::tests
