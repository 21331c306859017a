#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/boards/rom.h"
#include "tools/boards/text_application.h"
#include "tools/espsim/model.h"
#include "tools/espsim/nor_flash.h"
#include "tools/espsim/registers.h"
#include "tools/espsim/rom_loader.h"

namespace motley::espsim {

/// An ESP on a board with the usual two transistors: RTS alone pulls EN down, DTR alone pulls the boot pin down, which
/// is GPIO0 or GPIO9. When EN has risen, that pin says whether the loader in ROM or the application in flash starts.
///
/// Or one that is on USB by itself: DTR alone asks for the loader, no line at all takes that back, and RTS alone resets
/// the core, which then looks at what it was asked for, and not at the pin again.
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
  enum class Runs { kNothing, kLoader, kApplication };

  /// What starts anew: all, or all but the clock, the pins and USB.
  using ResetOf = Registers::ResetOf;

  void SetUsbLines(bool dtr, bool rts, Micros now);
  /// EN is low.
  void Halt();
  void Start(ResetOf what, Micros now);
  void StartApplication(Micros now);
  void FollowWatchdog(Micros now);
  void LeaveLoader(Micros now);
  void Say(const std::string& text);

  const Model model_;
  NorFlash flash_;
  Registers registers_;
  RomLoader loader_;
  std::optional<boards::TextApplication> application_;
  Runs runs_ = Runs::kNothing;
  bool enable_low_ = false;
  bool boot_low_ = false;
  /// A hand holds the button at the boot pin.
  bool button_ = false;
  /// The boot pin, when it was looked at.
  bool sampled_low_ = false;
  bool usb_wants_loader_ = false;
  bool usb_resets_ = false;
  /// When EN has risen, the loader has left, or a watchdog bites.
  std::optional<Micros> start_at_;
  bool resets_by_watchdog_ = false;
  /// When the watchdog of the real-time clock bites.
  std::optional<Micros> clock_watchdog_at_;
  std::uint64_t clock_watchdog_changes_ = 0;
  std::uint64_t resets_ = 0;
  std::vector<boards::SentByte> output_;
};

}  // namespace motley::espsim
