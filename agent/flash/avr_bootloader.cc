#include "agent/flash/avr_bootloader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/flash/avr_selfcheck.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMaxRead = 256;

/// Their UART and watchdog are the same, and have the same addresses.
constexpr std::uint32_t kAtmega328p = 0x1E950F;
constexpr std::uint32_t kAtmega2560 = 0x1E9801;
/// The chip checks itself in 6 us a byte, which takes 88 to read; but it has to be reset for it, which takes 0.6 s.
constexpr std::size_t kMinSelfCheck = 10 * 1024;
/// Optiboot starts the application by the watchdog, after 16 ms, and stk500boot after 50; ATmegaBOOT may do so only
/// when it has heard nothing for 1 to 2 s.
constexpr milliseconds kSelfCheckStart{2500};
constexpr std::chrono::microseconds kSelfCheckByte{8};
/// What may come before it: the answer to the command that starts it, and what a line says whose chip is in reset.
constexpr std::size_t kMaxBefore = 64;

/// The part of a program of `bytes` that can check itself.
std::size_t Checked(std::size_t bytes) {
  return std::min(bytes / kSelfCheckBlock, kMaxSelfCheckBlocks) * kSelfCheckBlock;
}

}  // namespace

Result<void> AvrBootloader::Connect() {
  first_page_.clear();
  TRY(Begin());
  auto signature = ReadSignature();
  if (!signature) return std::move(signature).error().While("read the signature");
  signature_ = *signature;
  TRY(CheckChipId(board_, signature_, port_.name()));
  return EnterProgramming().While("enter programming mode");
}

/// The chip checks only what begins with the first page. Writing a byte takes longer than checking it saves.
bool AvrBootloader::WritesBestFromStart(std::uint32_t changed, std::uint32_t more) const {
  return changed >= kMinSelfCheck && more <= changed / 8 && CanCheckItself();
}

Result<void> AvrBootloader::Write(std::uint32_t address, std::span<const std::uint8_t> bytes, const BytesDone& done) {
  if (address != 0 || bytes.size() < kMinSelfCheck || !CanCheckItself()) return WritePages(address, bytes, done);
  const auto first = bytes.first(board_.page_bytes);
  first_page_.assign(first.begin(), first.end());
  Bytes checking(bytes.begin(), bytes.end());
  PutSelfCheck(checking, Checked(bytes.size()) / kSelfCheckBlock, board_);
  return WritePages(0, checking, done);
}

Result<std::optional<Bootloader::Difference>> AvrBootloader::Compare(std::uint32_t address,
                                                                     std::span<const std::uint8_t> expected,
                                                                     const BytesDone& done) {
  if (address != 0 || first_page_.empty()) return ReadBack(address, expected, done);
  const Bytes first_page = std::exchange(first_page_, {});
  const std::size_t checked = Checked(expected.size());
  TRY_ASSIGN(const bool right, ChecksItself(expected.first(checked)).While("let the chip check itself"));
  TRY(Connect());
  TRY(WritePages(0, first_page, [](std::uint32_t) {}));
  // Where it is wrong, or the program did not run: reading tells.
  if (!right) return ReadBack(address, expected, done);
  TRY_ASSIGN(const auto difference, ReadBack(0, expected.first(first_page.size()), done));
  if (difference) return difference;
  done(static_cast<std::uint32_t>(checked - first_page.size()));
  return ReadBack(static_cast<std::uint32_t>(checked), expected.subspan(checked), done);
}

/// Afterwards it has to be reset once more, which must not need a hand.
bool AvrBootloader::CanCheckItself() const {
  return (signature_ == kAtmega328p || signature_ == kAtmega2560) && board_.reset == ResetMethod::kDtr;
}

/// Starts the program in the first page. False also when it says nothing.
Result<bool> AvrBootloader::ChecksItself(std::span<const std::uint8_t> content) {
  Bytes flash(content.begin(), content.end());
  PutSelfCheck(flash, flash.size() / kSelfCheckBlock, board_);
  const Bytes expected = SelfCheckAnswer(flash);
  TRY(Start(0));
  const Deadline deadline =
      steady_clock::now() + kSelfCheckStart + kSelfCheckByte * static_cast<std::int64_t>(flash.size());
  Bytes said;
  std::array<std::uint8_t, 256> buffer;
  while (said.size() < expected.size() + kMaxBefore) {
    auto got = port_.Read(buffer, deadline);
    if (!got && got.error().code == Code::kTimeout) return false;
    if (!got) return std::move(got).error();
    said.insert(said.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
    if (std::search(said.begin(), said.end(), expected.begin(), expected.end()) != said.end()) return true;
  }
  return false;
}

Result<std::optional<Bootloader::Difference>> AvrBootloader::ReadBack(std::uint32_t address,
                                                                      std::span<const std::uint8_t> expected,
                                                                      const BytesDone& done) {
  for (std::size_t at = 0; at < expected.size(); at += kMaxRead) {
    const auto place = static_cast<std::uint32_t>(address + at);
    TRY_ASSIGN(
        const Bytes found,
        Read(place, std::min(kMaxRead, expected.size() - at)).While(fmt::format("read back at 0x{:04X}", place)));
    const auto differs = std::mismatch(found.begin(), found.end(), expected.begin() + static_cast<std::ptrdiff_t>(at));
    if (differs.first != found.end()) {
      const auto where = place + static_cast<std::uint32_t>(differs.first - found.begin());
      return std::optional(Difference{where, *differs.first});
    }
    done(static_cast<std::uint32_t>(found.size()));
  }
  return std::optional<Difference>();
}

}  // namespace motley::agent
