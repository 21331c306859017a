#include "agent/flash/espressif_link.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "agent/flash/slip.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The capacitor at EN must be empty.
constexpr milliseconds kReset{100};
/// From the end of reset until GPIO0 has been looked at. A large capacitor at EN, which some boards have, takes longer.
constexpr std::array kUntilBoot{milliseconds(50), milliseconds(550), milliseconds(50), milliseconds(550)};
/// The ROM measures the baud rate by the first one, and may miss it for that.
constexpr int kSyncs = 5;
constexpr milliseconds kSyncPatience{100};
/// It replies to one sync eight times. Then the line must be quiet.
constexpr milliseconds kQuiet{25};
constexpr milliseconds kQuietPatience{400};
constexpr milliseconds kWritePatience{1000};
/// Noise spoils a block in a while; a line that spoils the same block thrice is none.
constexpr int kSends = 3;
/// Of a download without blocks.
constexpr std::uint32_t kEmptyBlock = 0x400;

Error Failed(const EspressifReply& reply, const std::string& port) {
  return {Code::kCorrupt,
          fmt::format("the chip on {} says to command 0x{:02X}: {}", port, reply.command, Describe(reply.error))};
}

}  // namespace

EspressifLink::EspressifLink(SerialPort& port, const BoardType& board, const EspressifChip& chip)
    : port_(port), board_(board), chip_(chip) {}

bool EspressifLink::HasResetLines() const {
  return board_.reset == ResetMethod::kEspressif || board_.reset == ResetMethod::kUsbJtag;
}

Result<void> EspressifLink::Synchronise() {
  TRY(SetBaud(board_.bauds.front()));
  if (std::exchange(is_new_, false) && board_.reset == ResetMethod::kUsbJtag) {
    TRY_ASSIGN(found_in_rom_, RepliesToSync());
  }
  const bool by_hand = !HasResetLines();
  for (const milliseconds until_boot : kUntilBoot) {
    if (board_.reset == ResetMethod::kEspressif) TRY(ResetIntoRom(until_boot));
    if (board_.reset == ResetMethod::kUsbJtag) TRY(ResetIntoRomOverUsb(until_boot));
    for (int sync = 0; sync < kSyncs; ++sync) {
      TRY_ASSIGN(const bool replies, RepliesToSync());
      if (replies) return {};
    }
  }
  return Error{
      Code::kTimeout,
      fmt::format("the ROM of the {} on {} does not answer{}; hold its BOOT button while you press and let go of "
                  "RESET, then try again; and is it a {}?",
                  board_.chip, port_.name(),
                  by_hand ? "" : fmt::format(" after {} resets by DTR and RTS", kUntilBoot.size()), board_.name)};
}

Result<void> EspressifLink::ResetIntoRom(milliseconds until_boot) {
  // Both lines active leave both pins alone, so that the order in which a driver changes them makes no glitch.
  TRY(port_.SetModemLines({.dtr = false, .rts = true}));
  TRY(DiscardUntil(port_, steady_clock::now() + kReset));
  TRY(port_.SetModemLines({.dtr = true, .rts = false}));
  TRY(DiscardUntil(port_, steady_clock::now() + until_boot));
  return port_.SetModemLines({.dtr = false, .rts = false});
}

Result<void> EspressifLink::ResetIntoRomOverUsb(milliseconds until_boot) {
  // The chip itself looks at the lines: DTR alone asks for the ROM at the next reset, RTS alone resets, both at once do
  // nothing, and none of them takes the wish back. So the way from the one to the other leads over both.
  TRY(port_.SetModemLines({.dtr = false, .rts = false}));
  TRY(DiscardUntil(port_, steady_clock::now() + kReset));
  TRY(port_.SetModemLines({.dtr = true, .rts = false}));
  TRY(DiscardUntil(port_, steady_clock::now() + kReset));
  TRY(port_.SetModemLines({.dtr = true, .rts = true}));
  TRY(port_.SetModemLines({.dtr = false, .rts = true}));
  TRY(DiscardUntil(port_, steady_clock::now() + until_boot));
  return port_.SetModemLines({.dtr = false, .rts = false});
}

Result<void> EspressifLink::Restart() {
  if (!HasResetLines()) {
    TRY(Do(EspressifCommand::kFlashBegin, EspressifBegin(chip_, 0, 0, kEmptyBlock, 0)));
    return Send(EspressifRequest(EspressifCommand::kFlashEnd, EspressifWords({0})));
  }
  TRY(port_.SetModemLines({.dtr = false, .rts = true}));
  // A chip on its own USB is reset by the change alone: what its application says from here on is kept.
  if (board_.reset == ResetMethod::kEspressif) TRY(DiscardUntil(port_, steady_clock::now() + kReset));
  return port_.SetModemLines({.dtr = false, .rts = false});
}

Result<bool> EspressifLink::RepliesAgain() {
  TRY(DiscardUntil(port_, steady_clock::now() + kUntilBoot.front()));
  return RepliesToSync();
}

Result<EspressifReply> EspressifLink::Do(EspressifCommand command, std::span<const std::uint8_t> data,
                                         milliseconds patience) {
  TRY_ASSIGN(auto reply, Exchange(command, EspressifRequest(command, data), patience));
  if (reply.error != EspressifError::kNone) return Failed(reply, port_.name());
  return reply;
}

Result<void> EspressifLink::SendBlock(EspressifCommand command, std::uint32_t number,
                                      std::span<const std::uint8_t> block, milliseconds patience) {
  const auto request = EspressifDataRequest(command, number, block);
  for (int sends = 1;; ++sends) {
    TRY_ASSIGN(const auto reply, Exchange(command, request, patience));
    if (reply.error == EspressifError::kNone) return {};
    // A block that arrived wrong was not taken. Where the reply is lost nobody knows, and it is not sent again.
    const bool arrived_wrong =
        reply.error == EspressifError::kInvalidChecksum || reply.error == EspressifError::kInvalidMessage;
    if (!arrived_wrong || sends == kSends) return Failed(reply, port_.name());
  }
}

Result<std::uint32_t> EspressifLink::ReadRegister(std::uint32_t address, milliseconds patience) {
  TRY_ASSIGN(const auto reply, Do(EspressifCommand::kReadRegister, EspressifWords({address}), patience));
  return reply.value;
}

Result<void> EspressifLink::WriteRegister(std::uint32_t address, std::uint32_t value, std::uint32_t mask) {
  TRY(Do(EspressifCommand::kWriteRegister, EspressifWords({address, value, mask, 0})));
  return {};
}

Result<void> EspressifLink::Send(std::span<const std::uint8_t> request) {
  TRY(port_.DiscardInput());
  return port_.Write(EncodeSlip(request), steady_clock::now() + kWritePatience);
}

Result<EspressifReply> EspressifLink::Exchange(EspressifCommand command, std::span<const std::uint8_t> request,
                                               milliseconds patience) {
  TRY(Send(request));
  const Deadline deadline = steady_clock::now() + patience;
  SlipDecoder decoder;
  for (;;) {
    std::array<std::uint8_t, 256> buffer;
    TRY_ASSIGN(const std::size_t size, port_.Read(buffer, deadline));
    for (const std::uint8_t byte : std::span(buffer).first(size)) {
      const auto packet = decoder.Push(byte);
      if (!packet) continue;
      auto reply = ParseEspressifReply(*packet);
      // To a command that it does not have or allow the ROM replies in the name of another, several times.
      const bool refused = reply && reply->error == EspressifError::kInvalidMessage;
      if (!reply || (reply->command != static_cast<std::uint8_t>(command) && !refused)) continue;
      if (refused) TRY(BecomesQuiet());
      reply->command = static_cast<std::uint8_t>(command);
      return *std::move(reply);
    }
    if (steady_clock::now() > deadline) {
      return Error{Code::kTimeout, fmt::format("what comes from {} is no reply to command 0x{:02X}", port_.name(),
                                               static_cast<std::uint8_t>(command))};
    }
  }
}

Result<bool> EspressifLink::RepliesToSync() {
  const auto reply = Exchange(EspressifCommand::kSync, EspressifSyncRequest(), kSyncPatience);
  if (reply) return reply->error == EspressifError::kNone ? BecomesQuiet() : false;
  if (reply.error().code == Code::kTimeout) return false;
  return reply.error();
}

Result<bool> EspressifLink::BecomesQuiet() {
  const Deadline end = steady_clock::now() + kQuietPatience;
  std::array<std::uint8_t, 256> late;
  while (steady_clock::now() < end) {
    auto got = port_.Read(late, steady_clock::now() + kQuiet);
    if (!got && got.error().code == Code::kTimeout) return true;
    if (!got) return std::move(got).error();
  }
  return false;
}

}  // namespace motley::agent
