#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/boards/rom.h"
#include "tools/espsim/inflater.h"
#include "tools/espsim/model.h"
#include "tools/espsim/nor_flash.h"
#include "tools/espsim/registers.h"
#include "tools/espsim/slip_framer.h"

namespace motley::espsim {

/// The loader in the ROM of a chip: takes a command, does it, replies. One thread; as a Rom, it has no clock of its
/// own. Source: Espressif, esptool documentation, "Serial Protocol".
class RomLoader {
 public:
  /// All outlive it.
  RomLoader(const Model& model, NorFlash& flash, Registers& registers);

  /// As after reset: listens for a sync, at whatever rate that comes.
  void Start();
  void Receive(std::uint8_t byte, boards::SerialFormat sender, Micros now);
  /// The flash may be done.
  void Advance(Micros now);
  std::vector<boards::SentByte> TakeOutput();
  boards::SerialFormat format() const { return format_; }
  /// Whether it was told to leave, once.
  bool TakeLeave();

  /// Secure download mode: allows nothing but writing flash.
  void SetProtected(bool is_protected) { protected_ = is_protected; }
  /// The line garbles what is faster than that.
  void SetMaxBaud(std::uint32_t baud) { max_baud_ = baud; }
  /// "commands=3 digests=1 ...".
  std::string Statistics() const;

  /// What the UART can do.
  static constexpr std::uint32_t kMaxBaud = 5'000'000;

 private:
  using Bytes = std::vector<std::uint8_t>;
  enum class Error : std::uint8_t {
    kNone = 0,
    kInvalidMessage = 0x05,
    kFailed = 0x06,
    kInvalidChecksum = 0x07,
    kFlashWrite = 0x08,
    kDeflate = 0x0B,
  };
  struct Reply {
    Error error = Error::kNone;
    std::uint32_t value = 0;
    Bytes data;
  };
  /// What is sent when the flash is done.
  struct Pending {
    std::uint8_t command;
    Reply reply;
    /// Content that must be there then.
    std::uint32_t address = 0;
    Bytes written;
    /// Whose digest is sent.
    std::optional<std::pair<std::uint32_t, std::uint32_t>> digest;
  };
  /// A download to flash that was begun.
  struct Download {
    bool deflated;
    std::uint32_t blocks;
    std::uint32_t block_bytes;
    std::uint32_t next_block;
    std::uint32_t address;
    std::uint32_t end;
    Inflater inflater;
  };

  void TakeByte(std::uint8_t byte, boards::SerialFormat sender, Micros now);
  void TakePacket(std::span<const std::uint8_t> packet, Micros now);
  bool Knows(std::uint8_t command) const;
  void Do(std::uint8_t command, std::span<const std::uint8_t> data, std::uint32_t checksum, Micros now);
  Reply Begin(bool deflated, std::span<const std::uint8_t> data, Micros now);
  Reply Data(bool deflated, std::span<const std::uint8_t> data, std::uint32_t checksum, Micros now, Pending& pending);
  Reply End(std::span<const std::uint8_t> data);
  Reply Digest(std::span<const std::uint8_t> data, Micros now, Pending& pending);
  Reply SecurityInfo(std::span<const std::uint8_t> data) const;
  Reply WriteRegisters(std::span<const std::uint8_t> data);
  Reply ChangeBaud(std::span<const std::uint8_t> data);
  void Finish(Micros now);
  void Send(std::uint8_t command, const Reply& reply);

  const Model& model_;
  NorFlash& flash_;
  Registers& registers_;
  SlipFramer framer_;
  boards::SerialFormat format_;
  bool synchronised_ = false;
  bool attached_ = false;
  bool leave_ = false;
  bool protected_ = false;
  std::uint32_t max_baud_ = kMaxBaud;
  std::optional<std::uint32_t> next_baud_;
  std::optional<Download> download_;
  std::optional<Pending> pending_;
  /// Received while it was busy.
  std::deque<boards::SentByte> waiting_;
  std::vector<boards::SentByte> output_;
  std::uint64_t commands_ = 0;
  std::uint64_t digests_ = 0;
  std::uint64_t deflated_bytes_ = 0;
  std::uint64_t overruns_ = 0;
};

}  // namespace motley::espsim
