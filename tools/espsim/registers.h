#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "tools/espsim/model.h"
#include "tools/espsim/nor_flash.h"

namespace motley::espsim {

/// What a chip shows at addresses: its fuses, its UART, its watchdog, and the flash controller, which runs commands
/// that a client puts together. All else is memory without a purpose, zero at first. Source: Espressif, Technical
/// Reference Manuals, chapters "SPI", "UART", "eFuse", "Watchdog Timers".
class Registers {
 public:
  /// Both outlive it.
  Registers(const Model& model, NorFlash& flash);

  std::uint32_t Read(std::uint32_t address, std::uint32_t baud) const;
  /// `mask` has the bits that change.
  void Write(std::uint32_t address, std::uint32_t value, std::uint32_t mask);
  /// As after reset. What is burnt stays, and so does what the real-time clock holds where only the core is reset.
  enum class ResetOf { kCore, kSystem };
  void Reset(ResetOf what);

  /// An application has the watchdog running.
  void StartWatchdog(Micros timeout);
  /// What the watchdog waits for from its start on; nothing: it is stopped.
  std::optional<Micros> watchdog_timeout() const;
  /// So often it was started or stopped.
  std::uint64_t watchdog_changes() const { return watchdog_changes_; }
  /// Whether the chip is to start into its loader at each reset.
  bool forces_download() const;

  void SetMagic(std::uint32_t magic) { magic_ = magic; }
  void SetEncrypted(bool encrypted) { encrypted_ = encrypted; }
  bool encrypted() const { return encrypted_; }

 private:
  std::uint32_t Value(std::uint32_t address) const;
  bool IsWatchdog(std::uint32_t address) const;
  void RunFlashCommand();

  const Model& model_;
  NorFlash& flash_;
  std::uint32_t magic_;
  bool encrypted_ = false;
  std::uint64_t watchdog_changes_ = 0;
  std::map<std::uint32_t, std::uint32_t> values_;
};

}  // namespace motley::espsim
