#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/boards/rom.h"
#include "tools/boards/text_application.h"
#include "tools/smpsim/flash.h"
#include "tools/smpsim/mcuboot.h"
#include "tools/smpsim/smp_server.h"

namespace motley::smpsim {

/// An nRF52840 with MCUboot and an application of Zephyr, which says its lines and serves MCUmgr on one serial port. An
/// application with the word smp=off has no MCUmgr; one with hangs=1 stops as soon as it has started, until a reset.
/// DTR and RTS have no effect, as on the board's own debugger.
class Chip final : public boards::Rom {
 public:
  Chip() : flash_(kFlashBytes), bootloader_(flash_), server_(flash_) {}

  void PowerOn(Micros now) override { Reset(now); }
  void Reset(Micros now) override;
  void SetLines(bool, bool, Micros) override {}
  void Receive(std::uint8_t byte, boards::SerialFormat sender, Micros now) override;
  void Advance(Micros now) override;
  std::optional<Micros> NextEvent() const override;
  std::vector<boards::SentByte> TakeOutput() override;
  std::uint64_t resets() const override { return resets_; }
  boards::SerialFormat format() const override;
  std::span<std::uint8_t> flash() override { return flash_.bytes(); }
  std::optional<std::string> Execute(std::string_view command, Micros now) override;
  std::string Commands() const override;
  std::string Statistics() const override;

 private:
  enum class Runs { kBootloader, kApplication, kNothing };

  void Boot(Micros now);
  void StartApplication(Micros now);
  bool HasServer() const;
  std::string FailWrite(std::string_view argument);

  Flash flash_;
  Mcuboot bootloader_;
  SmpServer server_;
  std::optional<boards::TextApplication> application_;
  Runs runs_ = Runs::kBootloader;
  std::optional<Micros> starts_at_;
  std::uint64_t resets_ = 0;
};

}  // namespace motley::smpsim
