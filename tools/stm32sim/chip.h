#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/boards/rom.h"
#include "tools/boards/text_application.h"
#include "tools/stm32sim/flash_memory.h"
#include "tools/stm32sim/model.h"
#include "tools/stm32sim/system_bootloader.h"

namespace motley::stm32sim {

/// An STM32 on a board where active DTR pulls NRST down, and active RTS pulls BOOT0 up: it starts with what lies in
/// system memory or with the application in flash, by the level of BOOT0 when NRST goes up.
class Chip final : public boards::Rom {
 public:
  explicit Chip(Model model);

  void PowerOn(Micros now) override;
  void Reset(Micros now) override;
  void SetLines(bool dtr, bool rts, Micros now) override;
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
  enum class Runs { kNothing, kBootloader, kApplication };

  void Start(Micros now);
  void StartApplication(Micros now);

  const Model model_;
  FlashMemory flash_;
  SystemBootloader bootloader_;
  std::optional<boards::TextApplication> application_;
  Runs runs_ = Runs::kNothing;
  bool held_in_reset_ = false;
  bool boot0_by_rts_ = false;
  bool boot0_by_jumper_ = false;
  std::uint64_t resets_ = 0;
};

}  // namespace motley::stm32sim
