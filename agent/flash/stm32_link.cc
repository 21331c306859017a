#include "agent/flash/stm32_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

/// Beside the time on the wire. A USB bridge may add 16 ms each way, a busy machine more.
constexpr milliseconds kPatience{1000};
/// One byte out, one back.
constexpr milliseconds kShortPatience{150};
/// The first one is measured; if its answer is lost, the second one is half a command, and the third one its end.
constexpr int kInits = 3;
/// An answer to an earlier try may come late; then the line must be quiet.
constexpr milliseconds kQuiet{25};
constexpr milliseconds kQuietPatience{400};
/// One byte over and over ends any command with a NACK: as a command it is not its own complement; an address of it has
/// the checksum 0; so has an odd number of it together with that number, which it is as a count, since it is even.
constexpr std::uint8_t kPadding = 0x02;
/// The longest command but an erase: 256 bytes, their number and the checksum. A list of pages to erase is at most four
/// times as long.
constexpr std::size_t kPaddingBytes = 260;
constexpr int kPaddings = 4;
/// With parity.
constexpr std::size_t kBitsAByte = 11;

}  // namespace

Result<void> Stm32Link::SetBaud(std::uint32_t baud) {
  TRY(port_.SetFormat({baud, Parity::kEven}));
  baud_ = baud;
  return {};
}

Result<std::optional<Bytes>> Stm32Link::Call() {
  for (int init = 0; init < kInits; ++init) {
    TRY(Send({kStm32Init}));
    TRY_ASSIGN(const bool heard, Heard(std::array{kStm32Ack, kStm32Nack}, kShortPatience));
    if (!heard) continue;
    // An application that says "yes" has sent an ACK too.
    TRY_ASSIGN(auto facts, FactsIfAny());
    if (facts) return facts;
  }
  return std::optional<Bytes>();
}

Result<void> Stm32Link::Resynchronise() {
  for (int i = 0; i < kPaddings; ++i) {
    TRY(Send(Bytes(kPaddingBytes, kPadding)));
    TRY_ASSIGN(const bool quiet, BecameQuiet());
    if (!quiet) continue;
    // Now it has taken no byte of a command, or one.
    for (int byte = 0; byte < 2; ++byte) {
      TRY(Send({kPadding}));
      TRY_ASSIGN(const bool refused, Heard({&kStm32Nack, 1}, kShortPatience));
      if (refused) return {};
    }
  }
  return Error{Code::kTimeout, fmt::format("the bootloader on {} does not answer any more", port_.name())};
}

Result<Stm32Link::Answer> Stm32Link::Ask(const Bytes& message, milliseconds work) {
  TRY(Send(message));
  std::uint8_t byte;
  TRY(ReadExactly(port_, {&byte, 1}, Patience(message.size() + 1, work)));
  if (byte == kStm32Ack) return Answer::kAck;
  if (byte == kStm32Nack) return Answer::kNack;
  return Error{Code::kCorrupt, fmt::format("the bootloader on {} answered 0x{:02X} where 0x79 (ACK) or 0x1F (NACK) was "
                                           "expected: noise on the line?",
                                           port_.name(), byte)};
}

Result<void> Stm32Link::Tell(const Bytes& message, milliseconds work) {
  TRY_ASSIGN(const Answer answer, Ask(message, work));
  if (answer == Answer::kAck) return {};
  return Error{Code::kCorrupt,
               fmt::format("the bootloader on {} refuses what was sent (NACK): noise on the line?", port_.name())};
}

Result<void> Stm32Link::Read(std::span<std::uint8_t> bytes) {
  return ReadExactly(port_, bytes, Patience(bytes.size(), {}));
}

Result<Bytes> Stm32Link::Facts(Stm32Command command) {
  TRY(Tell(command));
  std::uint8_t last = 0;
  TRY(Read({&last, 1}));
  Bytes facts(last + 2u);
  TRY(Read(facts));
  const std::uint8_t end = facts.back();
  facts.pop_back();
  if (end == kStm32Ack) return facts;
  return Error{Code::kCorrupt,
               fmt::format("the bootloader on {} ended its answer by 0x{:02X} and not by 0x79: noise on the line?",
                           port_.name(), end)};
}

Result<void> Stm32Link::Send(const Bytes& message) { return port_.Write(message, Patience(message.size(), {})); }

Deadline Stm32Link::Patience(std::size_t bytes, milliseconds work) const {
  return steady_clock::now() + kPatience + work + milliseconds(bytes * kBitsAByte * 1000 / baud_);
}

/// Looks for one of the bytes anywhere in what comes.
Result<bool> Stm32Link::Heard(std::span<const std::uint8_t> either, milliseconds patience) {
  const Deadline deadline = steady_clock::now() + patience;
  do {
    std::uint8_t byte;
    auto got = port_.Read({&byte, 1}, deadline);
    if (!got && got.error().code == Code::kTimeout) return false;
    if (!got) return std::move(got).error();
    if (std::find(either.begin(), either.end(), byte) != either.end()) return true;
  } while (steady_clock::now() < deadline);
  return false;
}

/// False when something goes on talking: that is the application, and not the bootloader.
Result<bool> Stm32Link::BecameQuiet() {
  const Deadline end = steady_clock::now() + kQuietPatience;
  std::array<std::uint8_t, 512> late;
  while (steady_clock::now() < end) {
    auto got = port_.Read(late, steady_clock::now() + kQuiet);
    if (!got && got.error().code == Code::kTimeout) return true;
    if (!got) return std::move(got).error();
  }
  return false;
}

Result<std::optional<Bytes>> Stm32Link::FactsIfAny() {
  TRY_ASSIGN(const bool quiet, BecameQuiet());
  if (!quiet) return std::optional<Bytes>();
  auto facts = Facts(Stm32Command::kGet);
  if (facts) return std::optional(std::move(*facts));
  if (facts.error().code == Code::kUnavailable) return std::move(facts).error();
  return std::optional<Bytes>();
}

}  // namespace motley::agent
