#include "tools/espsim/chip.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "tools/espsim/firmware_image.h"

namespace motley::espsim {
namespace {

/// 10 kOhm and 1 uF at EN.
constexpr Micros kEnableRises{5'000};
/// After its last reply.
constexpr Micros kLeaves{10'000};
/// Without an application it starts over and over.
constexpr Micros kWatchdog{500'000};
/// What the second bootloader gives an application to start, which here never stops it. Source: ESP-IDF,
/// CONFIG_BOOTLOADER_WDT_TIME_MS.
constexpr Micros kClockWatchdog{9'000'000};

std::optional<bool> OnOrOff(std::string_view word) {
  if (word == "on") return true;
  if (word == "off") return false;
  return std::nullopt;
}

std::optional<std::uint32_t> Hexadecimal(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Chip::Chip(Model model) : model_(std::move(model)), registers_(model_, flash_), loader_(model_, flash_, registers_) {}

void Chip::PowerOn(Micros now) { Start(ResetOf::kSystem, now); }

void Chip::Reset(Micros now) {
  Halt();
  if (!enable_low_) Start(ResetOf::kSystem, now);
}

void Chip::SetLines(bool dtr, bool rts, Micros now) {
  if (model_.has_usb) return SetUsbLines(dtr, rts, now);
  boot_low_ = dtr && !rts;
  const bool low = rts && !dtr;
  if (low == enable_low_) return;
  enable_low_ = low;
  if (low) {
    Halt();
  } else {
    start_at_ = now + kEnableRises;
  }
}

void Chip::SetUsbLines(bool dtr, bool rts, Micros now) {
  if (dtr && !rts) usb_wants_loader_ = true;
  if (!dtr && !rts) usb_wants_loader_ = false;
  const bool resets = rts && !dtr;
  if (std::exchange(usb_resets_, resets) || !resets) return;
  Halt();
  Start(ResetOf::kCore, now);
}

void Chip::Halt() {
  flash_.Abort();
  runs_ = Runs::kNothing;
  application_.reset();
  start_at_.reset();
  output_.clear();
  ++resets_;
}

void Chip::Start(ResetOf what, Micros now) {
  start_at_.reset();
  resets_by_watchdog_ = false;
  registers_.Reset(what);
  loader_.Start();
  if (what == ResetOf::kSystem) sampled_low_ = boot_low_ || button_;
  // It was fed until now.
  const auto timeout = registers_.watchdog_timeout();
  clock_watchdog_at_ = timeout ? std::optional(now + *timeout) : std::nullopt;
  if (!sampled_low_ && !usb_wants_loader_ && !registers_.forces_download()) return StartApplication(now);
  runs_ = Runs::kLoader;
  Say(model_.boot_into_loader);
}

void Chip::StartApplication(Micros now) {
  const auto segments = SegmentsOf(model_, flash_.bytes().subspan(model_.application_address));
  if (segments.empty()) {
    runs_ = Runs::kNothing;
    Say(model_.boot_into_nothing);
    start_at_ = now + kWatchdog;
    resets_by_watchdog_ = true;
    return;
  }
  runs_ = Runs::kApplication;
  Say(model_.boot_into_application);
  application_ = boards::TextApplication::Find(segments);
  if (application_) application_->Start(now);
  if (model_.has_usb) registers_.StartWatchdog(kClockWatchdog);
  FollowWatchdog(now);
}

void Chip::FollowWatchdog(Micros now) {
  if (registers_.watchdog_changes() == clock_watchdog_changes_) return;
  clock_watchdog_changes_ = registers_.watchdog_changes();
  const auto timeout = registers_.watchdog_timeout();
  clock_watchdog_at_ = timeout ? std::optional(now + *timeout) : std::nullopt;
}

void Chip::Say(const std::string& text) {
  for (const char c : text) {
    output_.push_back({static_cast<std::uint8_t>(c), {model_.boot_baud, boards::Parity::kNone}});
  }
}

void Chip::Receive(std::uint8_t byte, boards::SerialFormat sender, Micros now) {
  if (runs_ != Runs::kLoader) return;
  loader_.Receive(byte, sender, now);
  FollowWatchdog(now);
  LeaveLoader(now);
}

void Chip::LeaveLoader(Micros now) {
  if (!loader_.TakeLeave()) return;
  runs_ = Runs::kNothing;
  start_at_ = now + kLeaves;
}

void Chip::Advance(Micros now) {
  // What is done may begin what takes no time.
  for (auto next = NextEvent(); next && *next <= now; next = NextEvent()) {
    if (start_at_ && *start_at_ <= now) {
      if (resets_by_watchdog_) Halt();
      Start(ResetOf::kSystem, now);
    }
    if (clock_watchdog_at_ && *clock_watchdog_at_ <= now) {
      clock_watchdog_at_.reset();
      if (runs_ == Runs::kLoader) Reset(now);  // an application feeds it
    }
    flash_.Advance(now);
    if (runs_ == Runs::kLoader) loader_.Advance(now);
    FollowWatchdog(now);
    LeaveLoader(now);
    if (application_ && application_->Advance(now) == boards::TextApplication::Outcome::kCrashed) Reset(now);
  }
}

std::optional<Micros> Chip::NextEvent() const {
  std::optional<Micros> next = start_at_;
  for (const auto& event :
       {clock_watchdog_at_, flash_.NextEvent(), application_ ? application_->NextEvent() : std::nullopt}) {
    if (event) next = std::min(next.value_or(*event), *event);
  }
  return next;
}

std::vector<boards::SentByte> Chip::TakeOutput() {
  std::vector<boards::SentByte> output = std::exchange(output_, {});
  for (const boards::SentByte& byte : loader_.TakeOutput()) output.push_back(byte);
  if (application_) {
    for (const boards::SentByte& byte : application_->TakeOutput()) output.push_back(byte);
  }
  return output;
}

boards::SerialFormat Chip::format() const {
  if (runs_ == Runs::kLoader) return loader_.format();
  return application_ ? application_->format() : boards::SerialFormat{model_.boot_baud, boards::Parity::kNone};
}

std::optional<std::string> Chip::Execute(std::string_view command, Micros) {
  const std::size_t space = command.find(' ');
  const std::string_view name = command.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : command.substr(space + 1);
  if (name == "protect" || name == "encrypt" || name == "flash-time" || name == "hold-boot") {
    const auto on = OnOrOff(argument);
    if (!on) return fmt::format("error {} \"{}\": give on or off", name, argument);
    if (name == "protect") loader_.SetProtected(*on);
    if (name == "encrypt") registers_.SetEncrypted(*on);
    if (name == "flash-time") flash_.SetTimed(*on);
    if (name == "hold-boot") button_ = *on;
    return "ok";
  }
  if (name == "max-baud") {
    std::uint32_t baud = 0;
    const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), baud);
    if (error != std::errc() || end != argument.data() + argument.size()) {
      return fmt::format("error max-baud \"{}\": give a number", argument);
    }
    loader_.SetMaxBaud(baud);
    return "ok";
  }
  if (name != "id" && name != "fail-write") return std::nullopt;
  if (name == "fail-write" && argument == "off") {
    flash_.SetBroken(std::nullopt);
    return "ok";
  }
  const auto number = Hexadecimal(argument);
  if (!number) return fmt::format("error {} \"{}\": give a hexadecimal number", name, argument);
  if (name == "id") registers_.SetMagic(*number);
  if (name == "fail-write") flash_.SetBroken(*number);
  return "ok";
}

std::string Chip::Commands() const {
  return "protect on|off, encrypt on|off, id MAGIC, fail-write ADDRESS|off, flash-time on|off, max-baud N, hold-boot "
         "on|off";
}

std::string Chip::Statistics() const {
  const char* runs = runs_ == Runs::kLoader ? "loader" : runs_ == Runs::kApplication ? "application" : "nothing";
  return fmt::format("runs={} erased={} written={} {}", runs, flash_.erased_bytes(), flash_.programmed_bytes(),
                     loader_.Statistics());
}

}  // namespace motley::espsim
