#include "agent/flash/stk500v1.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/flash/avr_bootloader.h"
#include "agent/flash/avr_reset.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

// AVR061, chapter 4.
constexpr std::uint8_t kInSync = 0x14;
constexpr std::uint8_t kOk = 0x10;
constexpr std::uint8_t kEndOfPacket = 0x20;
constexpr std::uint8_t kGetSync = 0x30;
constexpr std::uint8_t kEnterProgramming = 0x50;
constexpr std::uint8_t kLeaveProgramming = 0x51;
constexpr std::uint8_t kLoadAddress = 0x55;
constexpr std::uint8_t kProgramPage = 0x64;
constexpr std::uint8_t kReadPage = 0x74;
constexpr std::uint8_t kReadSignature = 0x75;
constexpr std::uint8_t kFlashMemory = 'F';

constexpr int kResets = 4;
/// Optiboot blinks for 0.4 s before it listens, and starts the application after 1 s of silence. Meanwhile the receiver
/// holds three bytes: one sync waits there whole, but of a second one its first half, which then spoils what follows.
/// So the first is waited for, and the next ones are sent only when it must have been lost.
constexpr std::array kSyncPatience{milliseconds(480), milliseconds(150), milliseconds(150)};
/// An answer to an earlier try may come late; then the line must be quiet.
constexpr milliseconds kQuiet{25};
constexpr milliseconds kQuietPatience{400};
/// A page takes 12 ms on the wire at 115200 baud, 25 ms at 57600, and 9 ms in the chip; a USB bridge may add 16 ms.
constexpr milliseconds kAnswerPatience{1000};

class Stk500v1 final : public AvrBootloader {
 public:
  Stk500v1(SerialPort& port, const BoardType& board) : AvrBootloader(port, board) {}

  /// The answer is left unread. Everything is verified, a reset follows within 16 ms, and an answer that was lost in it
  /// would make the first words of the application look like one.
  Result<void> Start(std::uint32_t) override { return Send({kLeaveProgramming, kEndOfPacket}); }

 private:
  Result<void> Begin() override {
    TRY(port_.SetFormat({board_.bauds.front()}));
    for (int reset = 0; reset < kResets; ++reset) {
      TRY(ResetAvr(port_));
      TRY_ASSIGN(const bool in_sync, Synchronise());
      if (in_sync) return {};
    }
    return Error{Code::kTimeout,
                 fmt::format("the bootloader on {} does not answer after {} resets; is it a {}, and has it "
                             "a bootloader of {} baud?",
                             port_.name(), kResets, board_.name, board_.bauds.front())};
  }

  Result<std::uint32_t> ReadSignature() override {
    std::array<std::uint8_t, 3> answer;
    TRY(Command({kReadSignature}, answer));
    return std::uint32_t{answer[0]} << 16 | std::uint32_t{answer[1]} << 8 | answer[2];
  }

  Result<void> EnterProgramming() override { return Command({kEnterProgramming}, {}); }

  Result<void> WritePages(std::uint32_t address, std::span<const std::uint8_t> bytes, const BytesDone& done) override {
    for (std::size_t at = 0; at < bytes.size(); at += board_.page_bytes) {
      const auto place = static_cast<std::uint32_t>(address + at);
      TRY(WritePage(place, bytes.subspan(at, board_.page_bytes)).While(fmt::format("write page at 0x{:04X}", place)));
      done(board_.page_bytes);
    }
    return {};
  }

  /// `page` is a whole page.
  Result<void> WritePage(std::uint32_t address, std::span<const std::uint8_t> page) {
    Bytes packet = AddressPacket(address);
    packet.insert(packet.end(), {kProgramPage, High(page.size()), Low(page.size()), kFlashMemory});
    packet.insert(packet.end(), page.begin(), page.end());
    packet.push_back(kEndOfPacket);
    TRY(Send(packet));
    TRY(Answer({}));
    return Answer({});
  }

  /// Bootloaders read as much as they are told to, and not only a page; optiboot counts in one byte, whose 0 is 256.
  Result<Bytes> Read(std::uint32_t address, std::size_t size) override {
    Bytes packet = AddressPacket(address);
    packet.insert(packet.end(), {kReadPage, High(size), Low(size), kFlashMemory, kEndOfPacket});
    TRY(Send(packet));
    TRY(Answer({}));
    Bytes bytes(size);
    TRY(Answer(bytes));
    return bytes;
  }

  static std::uint8_t High(std::size_t number) { return static_cast<std::uint8_t>(number >> 8); }
  static std::uint8_t Low(std::size_t number) { return static_cast<std::uint8_t>(number); }

  /// Sent in one piece with the command that follows: the bootloader answers it while the next bytes arrive, and its
  /// receiver holds two bytes, so nothing is lost and one turn of the line is saved for each page.
  static Bytes AddressPacket(std::uint32_t address) {
    const std::uint32_t word = address / 2;
    return {kLoadAddress, Low(word), High(word), kEndOfPacket};
  }

  Result<bool> Synchronise() {
    for (const milliseconds patience : kSyncPatience) {
      TRY(Send(Bytes{kGetSync, kEndOfPacket}));
      TRY_ASSIGN(const bool answered, SawSync(steady_clock::now() + patience));
      if (answered) return BecameQuiet();
    }
    return false;
  }

  /// Looks for the two bytes of an answer anywhere in what comes.
  Result<bool> SawSync(Deadline deadline) {
    std::uint8_t last = 0;
    while (true) {
      std::uint8_t byte;
      auto got = port_.Read({&byte, 1}, deadline);
      if (!got && got.error().code == Code::kTimeout) return false;
      if (!got) return std::move(got).error();
      if (last == kInSync && byte == kOk) return true;
      last = byte;
      if (steady_clock::now() > deadline) return false;
    }
  }

  /// False when something goes on talking: that is the application, and not the bootloader.
  Result<bool> BecameQuiet() {
    const Deadline end = steady_clock::now() + kQuietPatience;
    std::array<std::uint8_t, 64> late;
    while (steady_clock::now() < end) {
      auto got = port_.Read(late, steady_clock::now() + kQuiet);
      if (!got && got.error().code == Code::kTimeout) return true;
      if (!got) return std::move(got).error();
    }
    return false;
  }

  Result<void> Command(Bytes packet, std::span<std::uint8_t> answer) {
    packet.push_back(kEndOfPacket);
    TRY(Send(packet));
    return Answer(answer);
  }

  Result<void> Send(const Bytes& packet) { return port_.Write(packet, steady_clock::now() + kAnswerPatience); }

  /// INSYNC, `data`, OK.
  Result<void> Answer(std::span<std::uint8_t> data) {
    Bytes packet(data.size() + 2);
    TRY(ReadExactly(port_, packet, steady_clock::now() + kAnswerPatience));
    if (packet.front() != kInSync || packet.back() != kOk) {
      return Error{Code::kCorrupt,
                   fmt::format("the bootloader on {} answered 0x{:02x} ... 0x{:02x} where 0x14 ... 0x10 was "
                               "expected: noise on the line?",
                               port_.name(), packet.front(), packet.back())};
    }
    std::copy_n(packet.begin() + 1, data.size(), data.begin());
    return {};
  }
};

}  // namespace

std::unique_ptr<Bootloader> CreateStk500v1(SerialPort& port, const BoardType& board) {
  return std::make_unique<Stk500v1>(port, board);
}

}  // namespace motley::agent
