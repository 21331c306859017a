#include "agent/flash/stk500v2.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/flash/avr_bootloader.h"
#include "agent/flash/avr_reset.h"
#include "agent/flash/stk500v2_message.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

// AVR068, chapter 6.
constexpr std::uint8_t kSignOn = 0x01;
constexpr std::uint8_t kLoadAddress = 0x06;
constexpr std::uint8_t kEnterProgramming = 0x10;
constexpr std::uint8_t kLeaveProgramming = 0x11;
constexpr std::uint8_t kProgramFlash = 0x13;
constexpr std::uint8_t kReadFlash = 0x14;
constexpr std::uint8_t kSpiMulti = 0x1D;
constexpr std::uint8_t kStatusOk = 0x00;
constexpr std::uint8_t kStatusFailed = 0xC0;

/// In an address: the chip has more than 64 Ki words, and needs an extended one.
constexpr std::uint32_t kExtendedAddress = 0x8000'0000;
/// An AVR's serial programming instructions "Read Signature Byte" and "Read Program Memory, low byte" (ATmega2560
/// datasheet, table 30-16).
constexpr std::uint8_t kReadSignatureByte = 0x30;
constexpr std::uint8_t kReadProgramMemory = 0x20;
/// Page mode, ready by the value of a byte: for a programmer; the bootloader does not look at it.
constexpr std::uint8_t kWritePageMode = 0xC1;
constexpr std::uint8_t kWriteDelayMs = 10;

constexpr int kResets = 4;
/// The bootloader listens at once and starts the application after 1 s of silence.
constexpr int kSignOns = 3;
constexpr milliseconds kSignOnPatience{250};
/// A page takes 24 ms on the wire at 115200 baud, and 9 ms in the chip; a USB bridge may add 16 ms.
constexpr milliseconds kAnswerPatience{1000};
/// Noise seldom spoils the same page twice; the second try may still fall victim to the first, whose rest the
/// bootloader waits for.
constexpr int kReadTries = 3;

std::uint8_t High(std::size_t number) { return static_cast<std::uint8_t>(number >> 8); }
std::uint8_t Low(std::size_t number) { return static_cast<std::uint8_t>(number); }

class Stk500v2 final : public AvrBootloader {
 public:
  Stk500v2(SerialPort& port, const BoardType& board) : AvrBootloader(port, board) {}

  /// The n-th page that is written in a session erases the n-th page of the flash, wherever it is written to.
  bool ErasesFromStart() const override { return true; }

  Result<void> Start(std::uint32_t) override {
    TRY(Command({kLeaveProgramming, 1, 1}));
    return {};
  }

 private:
  Result<void> Begin() override {
    place_.reset();
    TRY(port_.SetFormat({board_.bauds.front()}));
    for (int reset = 0; reset < kResets; ++reset) {
      TRY(ResetAvr(port_));
      for (int i = 0; i < kSignOns; ++i) {
        TRY(Send({kSignOn}));
        const auto answer = Answer(kSignOn, steady_clock::now() + kSignOnPatience);
        if (answer) return {};
        if (answer.error().code == Code::kUnavailable) return answer.error();
      }
    }
    return Error{Code::kTimeout,
                 fmt::format("the bootloader on {} does not answer after {} resets; is it a {}, and has it "
                             "a bootloader of {} baud? If its bootloader is damaged, burn it again by a programmer",
                             port_.name(), kResets, board_.name, board_.bauds.front())};
  }

  Result<std::uint32_t> ReadSignature() override {
    std::uint32_t signature = 0;
    for (std::uint8_t i = 0; i < 3; ++i) {
      // Four bytes out, four back, of which the last is it; they come after the status.
      TRY_ASSIGN(const Bytes answer, Command({kSpiMulti, 4, 4, 0, kReadSignatureByte, 0, i, 0}));
      if (answer.size() < 4) return Malformed(answer);
      signature = signature << 8 | answer[3];
    }
    return signature;
  }

  /// The parameters are what a programmer would need for the chip.
  Result<void> EnterProgramming() override {
    TRY(Command({kEnterProgramming, 200, 100, 25, 32, 0, 0x53, 3, 0xAC, 0x53, 0, 0}));
    return {};
  }

  Result<void> WritePages(std::uint32_t address, std::span<const std::uint8_t> bytes, const BytesDone& done) override {
    for (std::size_t at = 0; at < bytes.size(); at += board_.page_bytes) {
      const auto place = static_cast<std::uint32_t>(address + at);
      auto written = GoTo(place);
      if (written) written = WritePageHere(bytes.subspan(at, board_.page_bytes));
      TRY(std::move(written).While(fmt::format("write page at 0x{:05X}", place)));
      done(board_.page_bytes);
    }
    return {};
  }

  Result<void> WritePageHere(std::span<const std::uint8_t> page) {
    const auto place = std::exchange(place_, std::nullopt);
    TRY(Command(ProgramPacket(page)));
    place_ = *place + page.size();
    return {};
  }

  /// Each command goes on where the last one ended.
  Result<void> GoTo(std::uint32_t address) {
    if (place_ == address) return {};
    place_.reset();
    TRY(Command(AddressPacket(address)));
    place_ = address;
    return {};
  }

  static Bytes AddressPacket(std::uint32_t address) {
    const std::uint32_t word = address / 2 | kExtendedAddress;
    return {kLoadAddress, Low(word >> 24), Low(word >> 16), High(word), Low(word)};
  }

  static Bytes ProgramPacket(std::span<const std::uint8_t> page) {
    Bytes packet{kProgramFlash,
                 High(page.size()),
                 Low(page.size()),
                 kWritePageMode,
                 kWriteDelayMs,
                 0x40,
                 0x4C,
                 kReadProgramMemory,
                 0xFF,
                 0xFF};
    packet.insert(packet.end(), page.begin(), page.end());
    return packet;
  }

  Result<Bytes> Read(std::uint32_t address, std::size_t size) override {
    Result<Bytes> bytes = ReadOnce(address, size);
    for (int tries = 1; !bytes && bytes.error().code != Code::kUnavailable && tries < kReadTries; ++tries) {
      bytes = ReadOnce(address, size);
    }
    return bytes;
  }

  Result<Bytes> ReadOnce(std::uint32_t address, std::size_t size) {
    TRY(GoTo(address));
    // After an error it may have been read, or not.
    place_.reset();
    TRY_ASSIGN(Bytes answer, Command({kReadFlash, High(size), Low(size), kReadProgramMemory}));
    // The bytes, and the status once more.
    if (answer.size() != size + 1) return Malformed(answer);
    answer.pop_back();
    place_ = address + size;
    return answer;
  }

  /// What the answer holds behind the status.
  Result<Bytes> Command(const Bytes& body) {
    TRY(Send(body));
    return Answer(body.front(), steady_clock::now() + kAnswerPatience);
  }

  Result<void> Send(const Bytes& body) {
    return port_.Write(EncodeStk500v2(++sequence_, body), steady_clock::now() + kAnswerPatience);
  }

  /// The answer to the last command. Answers to earlier ones, which come late, are passed over.
  Result<Bytes> Answer(std::uint8_t command, Deadline deadline) {
    Stk500v2Decoder decoder;
    std::array<std::uint8_t, kMaxStk500v2Body + 1> buffer;
    bool wrong = false;
    while (true) {
      // No more than belongs to it: behind the answer to the last command, the application speaks.
      auto got = port_.Read(std::span(buffer).first(decoder.needs()), deadline);
      // An application that talks may do so for ever.
      const bool late = (got && steady_clock::now() > deadline) || (!got && got.error().code == Code::kTimeout);
      for (std::size_t i = 0; got && i < *got; ++i) {
        const auto step = decoder.Take(buffer[i]);
        wrong = wrong || step == Stk500v2Decoder::Step::kWrong;
        if (step == Stk500v2Decoder::Step::kWhole && decoder.message().sequence == sequence_) {
          return Check(command, decoder.message().body);
        }
      }
      if (late) {
        return wrong ? Error{Code::kCorrupt, "the answer of the bootloader on " + port_.name() +
                                                 " has a wrong checksum: noise on the line?"}
                     : Error{Code::kTimeout, "the bootloader on " + port_.name() + " does not answer any more"};
      }
      if (!got) return std::move(got).error();
    }
  }

  Result<Bytes> Check(std::uint8_t command, const Bytes& body) const {
    if (body.size() < 2 || body[0] != command) return Malformed(body);
    if (body[1] == kStatusOk) return Bytes(body.begin() + 2, body.end());
    if (body[1] == kStatusFailed) {
      return Error{Code::kDenied,
                   fmt::format("the bootloader on {} refuses (status 0x{:02X} for command 0x{:02X}): the chip's lock "
                               "bits may protect its flash; erase the chip and burn the bootloader by a programmer",
                               port_.name(), body[1], command)};
    }
    return Error{Code::kCorrupt, fmt::format("the bootloader on {} answered status 0x{:02X} to command 0x{:02X}: noise "
                                             "on the line?",
                                             port_.name(), body[1], command)};
  }

  Error Malformed(const Bytes& body) const {
    return {Code::kCorrupt, fmt::format("the bootloader on {} gave an answer of {} bytes that does not fit the "
                                        "question: is it one that speaks STK500v2?",
                                        port_.name(), body.size())};
  }

  std::uint8_t sequence_ = 0;
  /// Where the next command reads or writes, if that is known.
  std::optional<std::size_t> place_;
};

}  // namespace

std::unique_ptr<Bootloader> CreateStk500v2(SerialPort& port, const BoardType& board) {
  return std::make_unique<Stk500v2>(port, board);
}

}  // namespace motley::agent
