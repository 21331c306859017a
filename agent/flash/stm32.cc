#include "agent/flash/stm32.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/flash/stm32_link.h"
#include "agent/flash/stm32_message.h"
#include "agent/flash/stm32_reset.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using Bytes = std::vector<std::uint8_t>;
using Answer = Stm32Link::Answer;

/// At the slowest rate; each faster one has a reset of its own before.
constexpr int kResets = 3;
/// Noise seldom spoils the same block twice.
constexpr int kTries = 3;
/// Datasheets: 40 ms for a page of 1 KiB of an STM32F103, 4 s for 128 KiB of an STM32F401 at the slowest supply; and
/// 256 bytes with 100 us for each of them.
constexpr milliseconds kErasePerKib{50};
constexpr milliseconds kWriteBlock{100};
constexpr std::uint32_t kKib = 1024;

class Stm32 final : public Bootloader {
 public:
  Stm32(SerialPort& port, const BoardType& board) : port_(port), board_(board), link_(port) {}

  Result<void> Connect() override {
    TRY_ASSIGN(const Bytes facts, Begin());
    // The first fact is the bootloader's version.
    const auto has = [&](Stm32Command command) {
      return std::find(facts.begin() + 1, facts.end(), static_cast<std::uint8_t>(command)) != facts.end();
    };
    erase_ = has(Stm32Command::kExtendedErase) ? Stm32Command::kExtendedErase : Stm32Command::kErase;
    TRY(CheckId());
    return CheckReadable();
  }

  bool ErasesInWrite() const override { return false; }

  /// Not tried again: what is left of a list of pages would be completed to another one.
  Result<void> Erase(std::uint32_t address, std::uint32_t size) override {
    const std::vector<Stm32Sector> sectors = Stm32SectorsIn(board_, address, size);
    const std::size_t most = Stm32MaxPages(erase_);
    for (std::size_t at = 0; at < sectors.size(); at += most) {
      const auto part = std::span(sectors).subspan(at, std::min(most, sectors.size() - at));
      milliseconds work{0};
      for (const Stm32Sector& sector : part) work += kErasePerKib * std::max(1U, sector.bytes / kKib);
      const auto doing = fmt::format("erase sectors {} to {}", part.front().number, part.back().number);
      TRY(link_.Tell(erase_).While(doing));
      TRY(link_.Tell(Stm32Pages(erase_, part), work).While(doing));
    }
    return {};
  }

  Result<void> Write(std::uint32_t address, std::span<const std::uint8_t> bytes, const BytesDone& done) override {
    for (std::size_t at = 0; at < bytes.size(); at += kStm32Block) {
      const auto block = bytes.subspan(at, std::min(kStm32Block, bytes.size() - at));
      const auto place = static_cast<std::uint32_t>(address + at);
      TRY(WriteBlock(place, block).While(fmt::format("write block at 0x{:08X}", place)));
      done(static_cast<std::uint32_t>(block.size()));
    }
    return {};
  }

  Result<std::optional<Difference>> Compare(std::uint32_t address, std::span<const std::uint8_t> expected,
                                            const BytesDone& done) override {
    for (std::size_t at = 0; at < expected.size(); at += kStm32Block) {
      const auto block = expected.subspan(at, std::min(kStm32Block, expected.size() - at));
      const auto place = static_cast<std::uint32_t>(address + at);
      TRY_ASSIGN(const auto difference,
                 CompareBlock(place, block).While(fmt::format("read back block at 0x{:08X}", place)));
      if (difference) return difference;
      done(static_cast<std::uint32_t>(block.size()));
    }
    return std::optional<Difference>();
  }

  /// By a reset where that can be done: an application that is jumped to finds the chip as the bootloader leaves it.
  Result<void> Start(std::uint32_t address) override {
    if (board_.reset == ResetMethod::kBoot0Rts) return ResetStm32(port_, Stm32Boot::kApplication);
    TRY(link_.Tell(Stm32Command::kGo));
    const auto answer = link_.Ask(Stm32Address(address));
    // Everything is verified. Where the answer gets lost, the application runs nevertheless.
    if (!answer && answer.error().code == Code::kUnavailable) return answer.error();
    if (!answer || *answer == Answer::kAck) return {};
    return Error{Code::kCorrupt, fmt::format("the bootloader on {} refuses to start what is at 0x{:08X} (NACK): reset "
                                             "the board with BOOT0 low",
                                             port_.name(), address)};
  }

 private:
  /// What the bootloader says of itself. Errors: kTimeout.
  Result<Bytes> Begin() {
    if (board_.reset != ResetMethod::kBoot0Rts) return BeginByHand();
    // What went wrong at a faster rate is not tried there again.
    if (!began_) {
      began_ = true;
      for (std::size_t i = board_.bauds.size(); i > 1; --i) {
        // The port may not be able to do that one.
        const auto facts = CallAfterReset(board_.bauds[i - 1]);
        if (facts && *facts) return **facts;
        if (!facts && facts.error().code != Code::kInvalid) return facts.error();
      }
    }
    for (int reset = 0; reset < kResets; ++reset) {
      TRY_ASSIGN(const auto facts, CallAfterReset(board_.bauds.front()));
      if (facts) return *facts;
    }
    return Error{Code::kTimeout,
                 fmt::format("the bootloader on {} does not answer after {} resets, at {} baud at last; is it a {}, is "
                             "DTR wired to NRST and RTS over an inverter to BOOT0, and is BOOT1 low?",
                             port_.name(), kResets, board_.bauds.front(), board_.name)};
  }

  Result<std::optional<Bytes>> CallAfterReset(std::uint32_t baud) {
    TRY(link_.SetBaud(baud));
    TRY(ResetStm32(port_, Stm32Boot::kSystemMemory));
    return link_.Call();
  }

  /// The bootloader keeps the baud rate that it was first called at: there is one choice.
  Result<Bytes> BeginByHand() {
    TRY(link_.SetBaud(board_.bauds.front()));
    TRY_ASSIGN(auto facts, link_.Call());
    if (!facts) {
      // It may wait for the rest of something that never came.
      const auto in_step = link_.Resynchronise();
      if (!in_step && in_step.error().code == Code::kUnavailable) return in_step.error();
      if (in_step) {
        TRY_ASSIGN(facts, link_.Call());
      }
    }
    if (facts) return *facts;
    return Error{Code::kTimeout,
                 fmt::format("the bootloader on {} does not answer at {} baud; is it a {}? Set BOOT0 high and BOOT1 "
                             "low, press the reset button, and flash again",
                             port_.name(), board_.bauds.front(), board_.name)};
  }

  Result<void> CheckId() {
    TRY_ASSIGN(const Bytes facts, link_.Facts(Stm32Command::kGetId).While("ask for the chip's id"));
    std::uint32_t id = 0;
    for (const std::uint8_t byte : facts) id = id << 8 | byte;
    return CheckChipId(board_, id, port_.name());
  }

  /// Errors: kDenied. Protection ends when it is taken off by a command that erases all: that is for people to decide.
  Result<void> CheckReadable() {
    const auto read = Stm32Word(static_cast<std::uint8_t>(Stm32Command::kReadMemory));
    TRY_ASSIGN(Answer answer, link_.Ask(read));
    // A command that was garbled is refused as well.
    if (answer == Answer::kNack) {
      TRY_ASSIGN(answer, link_.Ask(read));
    }
    if (answer == Answer::kNack) {
      return Error{Code::kDenied,
                   fmt::format("the {} on {} is protected against reading, and so against writing; nothing was "
                               "written. `stm32flash -k {}` takes the protection off, and erases all of its flash",
                               board_.chip, port_.name(), port_.name())};
    }
    Bytes word(4);
    return ReadRest(board_.application_begin, word);
  }

  Result<void> WriteBlock(std::uint32_t address, std::span<const std::uint8_t> block) {
    auto written = WriteOnce(address, block);
    for (int tries = 1; !written && MayBeNoise(written.error()) && tries < kTries; ++tries) {
      // It may have been written, wholly or in part. Flash that is not erased can not be written again.
      Bytes found(block.size());
      TRY(ReadAnew(address, found));
      if (std::equal(found.begin(), found.end(), block.begin())) return {};
      if (std::any_of(found.begin(), found.end(), [](std::uint8_t byte) { return byte != 0xFF; })) return written;
      written = WriteOnce(address, block);
    }
    return written;
  }

  Result<void> WriteOnce(std::uint32_t address, std::span<const std::uint8_t> block) {
    TRY(link_.Tell(Stm32Command::kWriteMemory));
    TRY(link_.Tell(Stm32Address(address)));
    return link_.Tell(Stm32Data(block), kWriteBlock);
  }

  /// What is read comes without a checksum, so that a difference is one when it is found twice.
  Result<std::optional<Difference>> CompareBlock(std::uint32_t address, std::span<const std::uint8_t> block) {
    Bytes found(block.size());
    auto read = ReadOnce(address, found);
    for (int tries = 1; tries < kTries; ++tries) {
      if (read && std::equal(found.begin(), found.end(), block.begin())) return std::optional<Difference>();
      if (!read && !MayBeNoise(read.error())) return read.error();
      const Bytes before = read ? found : Bytes();
      read = read ? ReadOnce(address, found) : ReadAnew(address, found);
      if (read && found == before) break;
    }
    TRY(read);
    const auto differs = std::mismatch(found.begin(), found.end(), block.begin());
    if (differs.first == found.end()) return std::optional<Difference>();
    const auto at = static_cast<std::uint32_t>(differs.first - found.begin());
    return std::optional(Difference{address + at, *differs.first});
  }

  Result<void> ReadAnew(std::uint32_t address, std::span<std::uint8_t> bytes) {
    TRY(link_.Resynchronise());
    return ReadOnce(address, bytes);
  }

  Result<void> ReadOnce(std::uint32_t address, std::span<std::uint8_t> bytes) {
    TRY(link_.Tell(Stm32Command::kReadMemory));
    return ReadRest(address, bytes);
  }

  Result<void> ReadRest(std::uint32_t address, std::span<std::uint8_t> bytes) {
    TRY(link_.Tell(Stm32Address(address)));
    TRY(link_.Tell(Stm32Word(static_cast<std::uint8_t>(bytes.size() - 1))));
    return link_.Read(bytes);
  }

  static bool MayBeNoise(const Error& error) { return error.code == Code::kCorrupt || error.code == Code::kTimeout; }

  SerialPort& port_;
  const BoardType& board_;
  Stm32Link link_;
  Stm32Command erase_ = Stm32Command::kExtendedErase;
  bool began_ = false;
};

}  // namespace

std::unique_ptr<Bootloader> CreateStm32(SerialPort& port, const BoardType& board) {
  return std::make_unique<Stm32>(port, board);
}

}  // namespace motley::agent
