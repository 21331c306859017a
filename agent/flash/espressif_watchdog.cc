#include "agent/flash/espressif_watchdog.h"

namespace motley::agent {
namespace {

constexpr std::uint32_t kKey = 0x50D83AA1;
/// Of the slow clock, which has some 136 kHz.
constexpr std::uint32_t kTicks = 2000;
/// It is enabled; its first stage resets all but the fuses, for 8 and 2 clocks of reset of chip and core.
constexpr std::uint32_t kResetSystem = 1u << 31 | 5u << 28 | 1u << 8 | 2u;

}  // namespace

Result<void> StopWatchdogs(EspressifLink& link, const EspressifChip& chip) {
  if (!chip.watchdogs) return {};
  const EspressifWatchdogs& registers = *chip.watchdogs;
  TRY(link.WriteRegister(registers.protection, kKey));
  TRY(link.WriteRegister(registers.config, 0));
  TRY(link.WriteRegister(registers.protection, 0));
  if (registers.super_config == 0) return {};
  TRY(link.WriteRegister(registers.super_protection, registers.super_key));
  TRY(link.WriteRegister(registers.super_config, registers.super_feeds_itself, registers.super_feeds_itself));
  return link.WriteRegister(registers.super_protection, 0);
}

Result<void> ResetByWatchdog(EspressifLink& link, const EspressifChip& chip) {
  CHECK(chip.resets_by_watchdog && chip.watchdogs);
  const EspressifWatchdogs& registers = *chip.watchdogs;
  TRY(link.WriteRegister(registers.protection, kKey));
  TRY(link.WriteRegister(registers.timeout, kTicks));
  return link.WriteRegister(registers.config, kResetSystem);
}

}  // namespace motley::agent
