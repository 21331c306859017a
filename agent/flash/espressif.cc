#include "agent/flash/espressif.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>

#include "agent/flash/deflate.h"
#include "agent/flash/esp8266_flash_reader.h"
#include "agent/flash/espressif_chip.h"
#include "agent/flash/espressif_image.h"
#include "agent/flash/espressif_link.h"
#include "agent/flash/espressif_watchdog.h"
#include "agent/flash/touch1200.h"
#include "common/crypto/md5.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

/// Where in EspressifChip::encryption_fuses the ones are counted.
constexpr std::uint32_t kEncryptionBits = 0x7F;
constexpr int kEncryptionShift = 20;

/// What the ROM has room for.
constexpr std::size_t kBlock = 0x400;
constexpr std::uint32_t kFlashSector = 4096;
/// What the ROM erases at once where it can.
constexpr std::uint32_t kFlashBlock = 64 * 1024;
constexpr std::uint32_t kFlashPage = 256;
/// Until the ROM has set its divider, after its reply.
constexpr milliseconds kBaudChange{20};
/// A reply at a speed that the line or the chip does not manage never comes.
constexpr milliseconds kBaudPatience{200};
constexpr int kBaudTries = 2;
/// A wrong bit on the line may make it another chip, or spoil the end of a message and with it the next one.
constexpr int kAsks = 3;
/// What Espressif's own tools allow for a MiB. The ROM erases before it answers, and writes before it answers.
constexpr milliseconds kErasePatience{30'000};
constexpr milliseconds kWritePatience{40'000};
constexpr milliseconds kDigestPatience{8'000};
/// ESP8266: one sample of 64 bytes in so many.
constexpr std::uint32_t kSampled = 4096;

milliseconds Patience(milliseconds mebibyte, std::size_t bytes) {
  return std::max(EspressifLink::kPatience, mebibyte * static_cast<std::int64_t>(bytes) / (1 << 20));
}

/// What the ROM of an ESP8266 must be told to erase so that it erases [address, address + size), whole sectors: it
/// erases what it is told, and then what of that lies before the next block a second time, further on.
std::uint32_t Esp8266EraseSize(std::uint32_t address, std::uint32_t size) {
  const std::uint32_t to_next_block = kFlashBlock - address % kFlashBlock;
  return size < 2 * to_next_block ? size / 2 : size - to_next_block;
}

class Espressif final : public Bootloader {
 public:
  Espressif(SerialPort& port, const BoardType& board)
      : port_(port),
        board_(board),
        chip_(ChipOf(board)),
        is_esp8266_(board.chip == "ESP8266"),
        link_(port, board, chip_),
        bauds_(board.bauds) {
    std::sort(bauds_.begin() + 1, bauds_.end());
  }

  Result<void> Connect() override {
    for (;;) {
      TRY(link_.Synchronise());
      TRY(CheckChip());
      if (board_.reset == ResetMethod::kUsbJtag) TRY(StopWatchdogs(link_, chip_).While("stop the watchdogs"));
      if (is_esp8266_) {
        // This ROM attaches the flash when something is to be written.
        const auto nothing = EspressifBegin(chip_, 0, 0, kBlock, 0);
        TRY(link_.Do(EspressifCommand::kFlashBegin, nothing).While("attach the flash"));
        return {};
      }
      TRY(link_.Do(EspressifCommand::kSpiAttach, EspressifWords({0, 0})).While("attach the flash"));
      constexpr std::uint32_t kStatusMask = 0xFFFF;
      const std::uint32_t flash_bytes = board_.sectors.back().end();
      const auto shape = EspressifWords({0, flash_bytes, kFlashBlock, kFlashSector, kFlashPage, kStatusMask});
      TRY(link_.Do(EspressifCommand::kSpiSetParameters, shape).While("tell the size of the flash"));
      TRY_ASSIGN(const bool fast, GoFaster());
      if (fast) return {};
      bauds_.pop_back();
    }
  }

  bool ErasesInWrite() const override { return true; }

  Result<void> Write(std::uint32_t address, std::span<const std::uint8_t> bytes, const BytesDone& done) override {
    if (is_esp8266_) return WritePlain(address, bytes, done);
    const auto deflated = Deflate(bytes);
    if (deflated.size() >= bytes.size()) return WritePlain(address, bytes, done);
    return WriteDeflated(address, bytes.size(), deflated, done);
  }

  bool ComparesFast() const override { return !is_esp8266_; }
  bool ComparesSamples() const override { return is_esp8266_; }

  Result<std::optional<Difference>> Compare(std::uint32_t address, std::span<const std::uint8_t> expected,
                                            const BytesDone& done) override {
    if (is_esp8266_) return CompareSamples(address, expected, done);
    TRY_ASSIGN(const bool equal, HasDigestOf(address, expected));
    if (equal) {
      done(static_cast<std::uint32_t>(expected.size()));
      return std::optional<Difference>();
    }
    // In halves, of which the first that differs has it.
    while (expected.size() > kFlashSector) {
      const std::size_t half = expected.size() / 2 / kFlashSector * kFlashSector;
      if (half == 0) break;
      TRY_ASSIGN(const bool first_is_equal, HasDigestOf(address, expected.first(half)));
      if (first_is_equal) {
        address += static_cast<std::uint32_t>(half);
        expected = expected.subspan(half);
      } else {
        expected = expected.first(half);
      }
    }
    return std::optional(Difference{address, std::nullopt});
  }

  Result<void> Start(std::uint32_t) override {
    if (chip_.force_download != 0) TRY(link_.WriteRegister(chip_.force_download, 0, 1));
    if (link_.MayBeHeldInRom() && chip_.resets_by_watchdog) return ResetByWatchdog(link_, chip_);
    TRY(link_.Restart());
    if (!link_.MayBeHeldInRom() || board_.reset != ResetMethod::kUsbJtag) return {};
    TRY_ASSIGN(const bool is_held, link_.RepliesAgain());
    // Once more, since its hello may have been lost in that.
    if (!is_held) return link_.Restart();
    return Error{Code::kUnavailable, fmt::format("what was to be written to the {} on {} is there, but a hand put it "
                                                 "into its ROM, which it can not leave by itself; press its RESET "
                                                 "button, and flash again",
                                                 board_.chip, port_.name())};
  }

 private:
  struct Identity {
    /// Of EspressifChip::Identity.
    std::uint32_t id;
    bool is_encrypted;
  };

  static const EspressifChip& ChipOf(const BoardType& board) {
    const auto chip = EspressifChipOf(board);
    CHECK(chip);
    return **chip;
  }

  Result<void> CheckChip() {
    auto checked = AskChip();
    const auto refused = [&] { return !checked && checked.error().code != Code::kUnavailable; };
    for (int asked = 1; refused() && asked < kAsks; ++asked) checked = AskChip();
    if (!refused() || checked.error().code != Code::kCorrupt) return checked;
    return WriteOnly();
  }

  Error WriteOnly() const {
    return {Code::kDenied,
            fmt::format("the chip on {} does not let its registers be read: secure download mode is burnt into its "
                        "fuses, for good; update it through its application, or use another chip",
                        port_.name())};
  }

  Result<void> AskChip() {
    TRY_ASSIGN(const Identity identity, AskIdentity());
    if (auto right = CheckChipId(board_, identity.id, port_.name(), EspressifNameOf(identity.id)); !right) {
      // All chips have the same ids on their own USB.
      if (board_.reset != ResetMethod::kUsbJtag) return right;
      return Error{right.error().code, right.error().message +
                                           "; USB ids do not tell these boards apart: say in a file of boards which "
                                           "type this serial number is"};
    }
    if (!identity.is_encrypted) return {};
    return Error{Code::kDenied,
                 fmt::format("the flash of the chip on {} is encrypted, and would not start what is written plainly; "
                             "update it through its application, or switch encryption off by espefuse.py burn_efuse "
                             "{}, where that is left",
                             port_.name(), chip_.encryption_fuses != 0 ? "FLASH_CRYPT_CNT" : "SPI_BOOT_CRYPT_CNT")};
  }

  Result<Identity> AskIdentity() {
    bool is_encrypted = false;
    if (chip_.identity != EspressifChip::Identity::kMagic) {
      const auto reply = link_.Do(EspressifCommand::kGetSecurityInfo, {});
      // An earlier chip than it should be does not know this.
      if (!reply && reply.error().code != Code::kCorrupt) return reply.error();
      const auto security = reply ? ParseEspressifSecurity(reply->data) : std::nullopt;
      if (security && security->chip_id && chip_.id != security->chip_id) return Identity{*security->chip_id, false};
      if (security && security->is_write_only) return WriteOnly();
      if (security) is_encrypted = security->is_encrypted;
      if (security && security->chip_id) return Identity{*security->chip_id, is_encrypted};
    }
    TRY_ASSIGN(const std::uint32_t magic, link_.ReadRegister(kEspressifMagicRegister));
    if (chip_.encryption_fuses != 0 && EspressifNameOf(magic) == chip_.name) {
      TRY_ASSIGN(const std::uint32_t fuses, link_.ReadRegister(chip_.encryption_fuses));
      is_encrypted = std::popcount(fuses >> kEncryptionShift & kEncryptionBits) % 2 != 0;
    }
    return Identity{magic, is_encrypted};
  }

  /// To the fastest of bauds_; false where the line does not manage it.
  Result<bool> GoFaster() {
    if (bauds_.size() == 1) return true;
    TRY(link_.Do(EspressifCommand::kChangeBaud, EspressifWords({bauds_.back(), 0})).While("change the baud rate"));
    if (const auto set = link_.SetBaud(bauds_.back()); !set) {
      if (set.error().code == Code::kInvalid) return false;
      return set.error();
    }
    TRY(DiscardUntil(port_, std::chrono::steady_clock::now() + kBaudChange));
    for (int tries = 0; tries < kBaudTries; ++tries) {
      const auto id = link_.ReadRegister(kEspressifMagicRegister, kBaudPatience);
      if (id) return true;
      if (id.error().code == Code::kUnavailable) return id.error();
    }
    return false;
  }

  Result<void> WritePlain(std::uint32_t address, std::span<const std::uint8_t> bytes, const BytesDone& done) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const std::uint32_t erase = is_esp8266_ ? Esp8266EraseSize(address, size) : size;
    const auto blocks = static_cast<std::uint32_t>(bytes.size() / kBlock);
    TRY(link_
            .Do(EspressifCommand::kFlashBegin, EspressifBegin(chip_, erase, blocks, kBlock, address),
                Patience(kErasePatience, size))
            .While(fmt::format("erase {} bytes at 0x{:X}", size, address)));
    for (std::uint32_t block = 0; block < blocks; ++block) {
      const std::uint32_t at = block * kBlock;
      TRY(link_.SendBlock(EspressifCommand::kFlashData, block, bytes.subspan(at, kBlock), EspressifLink::kPatience)
              .While(fmt::format("write at 0x{:X}", address + at)));
      done(kBlock);
    }
    return {};
  }

  Result<void> WriteDeflated(std::uint32_t address, std::size_t size, std::span<const std::uint8_t> deflated,
                             const BytesDone& done) {
    const auto blocks = static_cast<std::uint32_t>((deflated.size() + kBlock - 1) / kBlock);
    const auto total = static_cast<std::uint32_t>(size);
    TRY(link_
            .Do(EspressifCommand::kDeflateBegin, EspressifBegin(chip_, total, blocks, kBlock, address),
                Patience(kErasePatience, size))
            .While(fmt::format("erase {} bytes at 0x{:X}", size, address)));
    std::uint32_t reported = 0;
    for (std::uint32_t block = 0; block < blocks; ++block) {
      const std::size_t at = block * kBlock;
      const auto piece = deflated.subspan(at, std::min(kBlock, deflated.size() - at));
      // A block may hold any number of equal bytes.
      TRY(link_.SendBlock(EspressifCommand::kDeflateData, block, piece, Patience(kWritePatience, size))
              .While(fmt::format("write to 0x{:X}, part {} of {}", address, block + 1, blocks)));
      const auto until = static_cast<std::uint32_t>(std::uint64_t{total} * (block + 1) / blocks);
      done(until - reported);
      reported = until;
    }
    return {};
  }

  Result<bool> HasDigestOf(std::uint32_t address, std::span<const std::uint8_t> expected) {
    const auto request = EspressifWords({address, static_cast<std::uint32_t>(expected.size()), 0, 0});
    std::string wanted;
    for (const std::uint8_t byte : Md5(expected)) wanted += fmt::format("{:02x}", byte);
    TRY_ASSIGN(const auto reply,
               link_.Do(EspressifCommand::kFlashMd5, request, Patience(kDigestPatience, expected.size()))
                   .While(fmt::format("digest {} bytes at 0x{:X}", expected.size(), address)));
    if (reply.data.size() != wanted.size()) {
      return Error{Code::kCorrupt, fmt::format("the chip on {} sent no digest of the {} bytes at 0x{:X}", port_.name(),
                                               expected.size(), address)};
    }
    return std::equal(wanted.begin(), wanted.end(), reply.data.begin());
  }

  Result<std::optional<Difference>> CompareSamples(std::uint32_t address, std::span<const std::uint8_t> expected,
                                                   const BytesDone& done) {
    TRY_ASSIGN(auto reader, Esp8266FlashReader::Attach(link_));
    std::optional<Difference> difference;
    for (std::size_t at = 0; at < expected.size() && !difference; at += kSampled) {
      // Another place in each, since what a linker aligns is the same in many images.
      const std::size_t spread = (address + at) / kSampled * 37 % (kSampled / Esp8266FlashReader::kBytes);
      const std::size_t place = at + spread * Esp8266FlashReader::kBytes;
      if (place >= expected.size()) break;
      const auto where = static_cast<std::uint32_t>(address + place);
      TRY_ASSIGN(const auto found, reader.Read(where).While(fmt::format("read back at 0x{:X}", where)));
      const auto differs =
          std::mismatch(found.begin(), found.end(), expected.begin() + static_cast<std::ptrdiff_t>(place));
      if (differs.first != found.end()) {
        difference = {where + static_cast<std::uint32_t>(differs.first - found.begin()), *differs.first};
      } else {
        done(std::min<std::uint32_t>(kSampled, static_cast<std::uint32_t>(expected.size() - at)));
      }
    }
    TRY(reader.Detach());
    return difference;
  }

  SerialPort& port_;
  const BoardType& board_;
  const EspressifChip& chip_;
  const bool is_esp8266_;
  EspressifLink link_;
  /// The one that the ROM is called at, and then those that may work, in ascending order.
  std::vector<std::uint32_t> bauds_;
};

class EspressifFlasher final : public Flasher {
 public:
  explicit EspressifFlasher(SerialSystem& system) : system_(system) {}

  Result<void> Check(const Image& image, const BoardType& board) const override {
    return CheckEspressifImage(image, board);
  }
  Result<FlashReport> Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) override {
    if (board.reset != ResetMethod::kTouch1200) return flasher_->Flash(port, board, job);
    TRY_ASSIGN(const std::string name, Touch1200(port, system_, board));
    TRY_ASSIGN(port, system_.Open(name, board.bauds.front()));
    auto flashed = flasher_->Flash(port, board, job);
    // It goes away with the ROM.
    port.reset();
    return flashed;
  }

 private:
  SerialSystem& system_;
  const std::unique_ptr<Flasher> flasher_ = CreateBootloaderFlasher(CreateEspressif);
};

}  // namespace

std::unique_ptr<Bootloader> CreateEspressif(SerialPort& port, const BoardType& board) {
  return std::make_unique<Espressif>(port, board);
}

std::unique_ptr<Flasher> CreateEspressifFlasher(SerialSystem& system) {
  return std::make_unique<EspressifFlasher>(system);
}

std::unique_ptr<Flasher> CreateEspressifFlasher() {
  class OnThisMachine final : public Flasher {
   public:
    Result<void> Check(const Image& image, const BoardType& board) const override {
      return flasher_.Check(image, board);
    }
    Result<FlashReport> Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) override {
      return flasher_.Flash(port, board, job);
    }

   private:
    const std::unique_ptr<SerialSystem> system_ = CreateSerialSystem();
    EspressifFlasher flasher_{*system_};
  };
  return std::make_unique<OnThisMachine>();
}

}  // namespace motley::agent
