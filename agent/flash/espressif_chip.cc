#include "agent/flash/espressif_chip.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "agent/flash/espressif_message.h"

namespace motley::agent {
namespace {

using Identity = EspressifChip::Identity;

constexpr std::array<std::uint32_t, 1> kEsp8266{0xFFF0C101};
constexpr std::array<std::uint32_t, 1> kEsp32{0x00F01D83};
constexpr std::array<std::uint32_t, 1> kEsp32S2{0x000007C6};
constexpr std::array<std::uint32_t, 1> kEsp32S3{0x00000009};
constexpr std::array<std::uint32_t, 4> kEsp32C3{0x6921506F, 0x1B31506F, 0x4881606F, 0x4361606F};
constexpr std::array<std::uint32_t, 1> kEsp32C6{0x2CE0806F};

constexpr std::uint32_t kFeedItself = 1u << 31;
constexpr std::uint32_t kSuperKey = 0x8F1D312A;

constexpr std::array kChips{
    EspressifChip{.name = "ESP8266",
                  .id = std::nullopt,
                  .identity = Identity::kMagic,
                  .magic_numbers = kEsp8266,
                  .begin_words = 4,
                  .boot_address = 0,
                  .watchdogs = std::nullopt},
    EspressifChip{.name = "ESP32",
                  .id = 0,
                  .identity = Identity::kMagic,
                  .magic_numbers = kEsp32,
                  .begin_words = 4,
                  .boot_address = 0x1000,
                  .encryption_fuses = 0x3FF5A000,
                  .watchdogs = std::nullopt},
    EspressifChip{.name = "ESP32-S2",
                  .id = 2,
                  .identity = Identity::kMagicAndSecurity,
                  .magic_numbers = kEsp32S2,
                  .begin_words = 5,
                  .boot_address = 0x1000,
                  .force_download = 0x3F408128,
                  .watchdogs = EspressifWatchdogs{0x3F408094, 0x3F408098, 0x3F4080AC},
                  .resets_by_watchdog = true},
    EspressifChip{.name = "ESP32-S3",
                  .id = 9,
                  .identity = Identity::kSecurity,
                  .magic_numbers = kEsp32S3,
                  .begin_words = 5,
                  .boot_address = 0,
                  .force_download = 0x6000812C,
                  .watchdogs = EspressifWatchdogs{0x60008098, 0x6000809C, 0x600080B0, 0x600080B4, kFeedItself,
                                                  0x600080B8, kSuperKey},
                  .resets_by_watchdog = true},
    EspressifChip{.name = "ESP32-C3",
                  .id = 5,
                  .identity = Identity::kSecurity,
                  .magic_numbers = kEsp32C3,
                  .begin_words = 5,
                  .boot_address = 0,
                  .watchdogs = EspressifWatchdogs{0x60008090, 0x60008094, 0x600080A8, 0x600080AC, kFeedItself,
                                                  0x600080B0, kSuperKey},
                  .resets_by_watchdog = true},
    EspressifChip{
        .name = "ESP32-C6",
        .id = 13,
        .identity = Identity::kSecurity,
        .magic_numbers = kEsp32C6,
        .begin_words = 5,
        .boot_address = 0,
        .watchdogs =
            EspressifWatchdogs{0x600B1C00, 0x600B1C04, 0x600B1C18, 0x600B1C1C, 1u << 18, 0x600B1C20, 0x50D83AA1},
    },
};

}  // namespace

std::span<const EspressifChip> EspressifChips() { return kChips; }

Result<const EspressifChip*> EspressifChipOf(const BoardType& board) {
  std::string names;
  for (const EspressifChip& chip : kChips) {
    if (chip.name == board.chip) return &chip;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", chip.name);
  }
  return Error{Code::kInvalid,
               fmt::format("chip: the protocol espressif does not know \"{}\"; it knows {}", board.chip, names)};
}

std::string_view EspressifNameOf(std::uint32_t magic_or_id) {
  for (const EspressifChip& chip : kChips) {
    const bool says_id = chip.identity == Identity::kSecurity && chip.id == magic_or_id;
    const auto& magic = chip.magic_numbers;
    if (says_id || std::find(magic.begin(), magic.end(), magic_or_id) != magic.end()) return chip.name;
  }
  return "";
}

std::vector<std::uint8_t> EspressifBegin(const EspressifChip& chip, std::uint32_t erase, std::uint32_t blocks,
                                         std::uint32_t block_bytes, std::uint32_t address) {
  auto data = EspressifWords({erase, blocks, block_bytes, address, 0});
  data.resize(chip.begin_words * sizeof(std::uint32_t));
  return data;
}

}  // namespace motley::agent
