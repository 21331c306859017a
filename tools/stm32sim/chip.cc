#include "tools/stm32sim/chip.h"

#include <fmt/format.h>

#include <charconv>

namespace motley::stm32sim {
namespace {

/// Decimal, or hexadecimal behind 0x.
std::optional<std::uint32_t> ParseNumber(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x");
  if (hexadecimal) text.remove_prefix(2);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

constexpr std::uint32_t kFlashBegin = 0x0800'0000;

}  // namespace

Chip::Chip(Model model) : model_(std::move(model)), flash_(model_), bootloader_(model_, flash_) {}

void Chip::PowerOn(Micros now) { Start(now); }

void Chip::Reset(Micros now) { Start(now); }

void Chip::SetLines(bool dtr, bool rts, Micros now) {
  boot0_by_rts_ = rts;
  if (dtr == held_in_reset_) return;
  held_in_reset_ = dtr;
  Start(now);
}

void Chip::Start(Micros now) {
  ++resets_;
  flash_.Abort();
  runs_ = Runs::kNothing;
  if (held_in_reset_) return;
  if (!boot0_by_rts_ && !boot0_by_jumper_) return StartApplication(now);
  runs_ = Runs::kBootloader;
  bootloader_.Start(now);
}

void Chip::StartApplication(Micros now) {
  application_ = boards::TextApplication::Find(flash_.bytes());
  runs_ = application_ ? Runs::kApplication : Runs::kNothing;
  if (application_) application_->Start(now);
}

void Chip::Receive(std::uint8_t byte, boards::SerialFormat sender, Micros now) {
  if (runs_ != Runs::kBootloader) return;
  bootloader_.Receive(byte, sender, now);
}

void Chip::Advance(Micros now) {
  if (runs_ == Runs::kApplication) {
    if (application_->Advance(now) == boards::TextApplication::Outcome::kCrashed) Start(now);
  } else if (runs_ == Runs::kBootloader) {
    bootloader_.Advance(now);
    const auto exit = bootloader_.exit(now);
    if (exit == SystemBootloader::Exit::kReset) Start(now);
    if (exit == SystemBootloader::Exit::kGo) StartApplication(now);
  }
}

std::optional<Micros> Chip::NextEvent() const {
  if (runs_ == Runs::kApplication) return application_->NextEvent();
  if (runs_ == Runs::kBootloader) return bootloader_.NextEvent();
  return std::nullopt;
}

std::vector<boards::SentByte> Chip::TakeOutput() {
  if (runs_ == Runs::kApplication) return application_->TakeOutput();
  return bootloader_.TakeOutput();
}

boards::SerialFormat Chip::format() const {
  return runs_ == Runs::kApplication ? application_->format() : bootloader_.format();
}

std::optional<std::string> Chip::Execute(std::string_view command, Micros) {
  const std::size_t space = command.find(' ');
  const std::string_view name = command.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : command.substr(space + 1);
  const auto number = ParseNumber(argument);
  if (name == "protect" && (argument == "on" || argument == "off")) {
    bootloader_.SetProtected(argument == "on");
  } else if (name == "boot0" && (argument == "high" || argument == "low")) {
    boot0_by_jumper_ = argument == "high";
  } else if (name == "fail-write" && argument == "off") {
    flash_.SetBroken(std::nullopt);
  } else if (name == "fail-write" && number && *number >= kFlashBegin) {
    flash_.SetBroken(*number - kFlashBegin);
  } else if (name == "id" && number && *number <= 0xFFFF) {
    bootloader_.SetId(static_cast<std::uint16_t>(*number));
  } else if (name == "max-baud" && number) {
    bootloader_.SetMaxBaud(*number);
  } else {
    return std::nullopt;
  }
  return "ok";
}

std::string Chip::Commands() const {
  return "protect on|off, boot0 high|low, fail-write ADDRESS|off, id NUMBER, max-baud BAUD";
}

std::string Chip::Statistics() const {
  const char* runs = runs_ == Runs::kApplication  ? "application"
                     : runs_ == Runs::kBootloader ? "bootloader"
                                                  : "nothing";
  return fmt::format("runs={} protected={:d} erased_sectors={} programmed_bytes={} refused={} overruns={}", runs,
                     bootloader_.is_protected(), flash_.erased_sectors(), flash_.programmed_bytes(),
                     bootloader_.refused(), bootloader_.overruns());
}

}  // namespace motley::stm32sim
