#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "agent/flash/board_type.h"
#include "common/base/result.h"

namespace motley::agent {

/// Registers of the two watchdogs that run on when a chip is reset over its own USB: that of the real-time clock, and
/// the super watchdog, which is fed by itself once it is told to. Writing needs a key each.
/// Source: Espressif, Technical Reference Manuals, chapter "Watchdog Timers".
struct EspressifWatchdogs {
  std::uint32_t config;
  std::uint32_t timeout;
  std::uint32_t protection;
  /// 0: none, or never in the way.
  std::uint32_t super_config = 0;
  std::uint32_t super_feeds_itself = 0;
  std::uint32_t super_protection = 0;
  std::uint32_t super_key = 0;
};

/// How the ROM of one type of chip is talked to. Source: Espressif, esptool documentation, "Serial Protocol".
struct EspressifChip {
  enum class Identity {
    kMagic,             ///< a register holds a number of its own
    kMagicAndSecurity,  ///< so it does, and kGetSecurityInfo says what is burnt into the fuses
    kSecurity,          ///< kGetSecurityInfo says that, and which chip it is
  };

  /// What BoardType::chip says.
  std::string_view name;
  /// In the header of an image, and in the reply to kGetSecurityInfo. The ESP8266 has none.
  std::optional<std::uint16_t> id;
  Identity identity;
  /// What kMagicRegister holds, of all revisions.
  std::span<const std::uint32_t> magic_numbers;
  /// Of kFlashBegin and kDeflateBegin: the fifth one says whether the chip is to encrypt what comes.
  std::size_t begin_words;
  /// Where the ROM looks for what it starts, which is the second bootloader, or the application of an ESP8266.
  std::uint32_t boot_address;
  /// Flash is encrypted while the number of ones in these fuses is odd. 0: kGetSecurityInfo says it.
  std::uint32_t encryption_fuses = 0;
  /// Bit 0 has the chip start into its ROM at each reset. 0: there is none.
  std::uint32_t force_download = 0;
  std::optional<EspressifWatchdogs> watchdogs;
  /// Whether the watchdog may reset the chip, so that it looks at its pins again. On some chips USB hangs after that.
  bool resets_by_watchdog = false;
};

/// The register by which chips are told apart that have no kGetSecurityInfo.
constexpr std::uint32_t kEspressifMagicRegister = 0x40001000;

/// All that are known.
std::span<const EspressifChip> EspressifChips();

/// The chip of a type of board. Errors: kInvalid (none of them; names them).
Result<const EspressifChip*> EspressifChipOf(const BoardType& board);

/// "ESP32-C3" of what a chip of any type says when it is asked who it is; "" of unknown ones.
std::string_view EspressifNameOf(std::uint32_t magic_or_id);

/// The data of kFlashBegin and kDeflateBegin: `erase` bytes at `address`, then so many blocks, none of them encrypted.
std::vector<std::uint8_t> EspressifBegin(const EspressifChip& chip, std::uint32_t erase, std::uint32_t blocks,
                                         std::uint32_t block_bytes, std::uint32_t address);

}  // namespace motley::agent
