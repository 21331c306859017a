#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "agent/serial/port.h"
#include "tools/boards/rom.h"

namespace motley::tests {

/// A serial port with a virtual chip behind it, in the same thread and without waiting: where a client would wait, the
/// chip's time passes.
class ChipPort final : public agent::SerialPort {
 public:
  /// What happens to one byte, counted from 1.
  struct Fault {
    std::uint64_t cut_at = 0;          ///< the cable is out instead of this byte to the chip
    std::uint64_t flip_to_chip = 0;    ///< a bit of this one
    std::uint64_t flip_from_chip = 0;  ///< and of this one
  };

  /// `chip` outlives it and was powered on. `now` is the chip's time, and goes on.
  ChipPort(boards::Rom& chip, boards::Micros& now, Fault fault);

  const std::string& name() const override { return name_; }
  int fd() const override { return -1; }
  Result<std::size_t> Read(std::span<std::uint8_t> buffer, agent::Deadline deadline) override;
  Result<void> Write(std::span<const std::uint8_t> data, agent::Deadline deadline) override;
  Result<void> SetFormat(agent::SerialFormat format) override;
  Result<void> SetModemLines(agent::ModemLines lines) override;
  Result<void> DiscardInput() override;

  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }

 private:
  Error Gone() const;
  void Pass(boards::Micros until);
  void Collect();

  boards::Rom& chip_;
  boards::Micros& now_;
  const Fault fault_;
  const std::string name_ = "/dev/ttyCHIP";
  bool gone_ = false;
  bool rts_ = false;
  std::uint32_t baud_ = 9600;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::deque<std::uint8_t> input_;
};

}  // namespace motley::tests
