#include "tools/smpsim/chip.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace motley::smpsim {
namespace {

/// To hash an image of some 100 KiB, and to start Zephyr.
constexpr Micros kStartTime{50'000};
constexpr char kOwnCommands[] = "slots, reject on|off, fail-write OFFSET|off, flash-time on|off, ";

void TakeEarlier(std::optional<Micros>& next, std::optional<Micros> candidate) {
  if (candidate) next = std::min(next.value_or(*candidate), *candidate);
}

}  // namespace

void Chip::Reset(Micros now) {
  ++resets_;
  flash_.Abort();
  application_.reset();
  starts_at_.reset();
  server_.Start();
  runs_ = Runs::kBootloader;
  bootloader_.Start();
  Boot(now);
}

void Chip::Boot(Micros now) {
  while (runs_ == Runs::kBootloader && !flash_.IsBusy() && !starts_at_) {
    switch (bootloader_.Next(now)) {
      case Mcuboot::Outcome::kWorks:
        break;
      case Mcuboot::Outcome::kBoots:
        starts_at_ = now + kStartTime;
        break;
      case Mcuboot::Outcome::kHangs:
        runs_ = Runs::kNothing;
        break;
    }
  }
}

void Chip::StartApplication(Micros now) {
  starts_at_.reset();
  application_ = boards::TextApplication::Find(FindImage(SlotOf(flash_, 0))->program);
  runs_ = application_ && application_->Word("hangs") != "1" ? Runs::kApplication : Runs::kNothing;
  if (runs_ == Runs::kApplication) application_->Start(now);
}

bool Chip::HasServer() const { return runs_ == Runs::kApplication && application_->Word("smp") != "off"; }

boards::SerialFormat Chip::format() const {
  return application_ ? application_->format() : boards::SerialFormat{115200};
}

void Chip::Receive(std::uint8_t byte, boards::SerialFormat sender, Micros now) {
  if (HasServer()) server_.Receive(boards::Heard(format(), sender, byte), now);
}

void Chip::Advance(Micros now) {
  flash_.Advance(now);
  Boot(now);
  if (starts_at_ && *starts_at_ <= now) StartApplication(now);
  if (runs_ != Runs::kApplication) return;
  server_.Advance(now);
  if (server_.WantsReset(now) || application_->Advance(now) == boards::TextApplication::Outcome::kCrashed) Reset(now);
}

std::optional<Micros> Chip::NextEvent() const {
  std::optional<Micros> next = flash_.NextEvent();
  TakeEarlier(next, starts_at_);
  if (runs_ != Runs::kApplication) return next;
  TakeEarlier(next, server_.NextEvent());
  TakeEarlier(next, application_->NextEvent());
  return next;
}

std::vector<boards::SentByte> Chip::TakeOutput() {
  std::vector<boards::SentByte> output;
  if (application_) output = application_->TakeOutput();
  for (const char byte : server_.TakeOutput()) output.push_back({static_cast<std::uint8_t>(byte), format()});
  return output;
}

std::optional<std::string> Chip::Execute(std::string_view command, Micros) {
  if (command == "slots") return "ok " + server_.images().StateText();
  if (command == "reject on" || command == "reject off") {
    bootloader_.SetRejects(command == "reject on");
    return "ok";
  }
  if (command == "flash-time on" || command == "flash-time off") {
    flash_.SetTimed(command == "flash-time on");
    return "ok";
  }
  constexpr std::string_view kFailWrite = "fail-write ";
  if (command.starts_with(kFailWrite)) return FailWrite(command.substr(kFailWrite.size()));
  return server_.Execute(command);
}

std::string Chip::FailWrite(std::string_view argument) {
  if (argument == "off") {
    flash_.SetBroken(std::nullopt);
    return "ok";
  }
  const bool hex = argument.starts_with("0x");
  if (hex) argument.remove_prefix(2);
  std::uint32_t offset = 0;
  const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), offset, hex ? 16 : 10);
  if (error != std::errc() || end != argument.data() + argument.size() || offset >= kFlashBytes) {
    return fmt::format("error fail-write: give an offset below {:#x}, or off", kFlashBytes);
  }
  flash_.SetBroken(offset);
  return "ok";
}

std::string Chip::Commands() const { return std::string(kOwnCommands) + SmpServer::kCommands; }

std::string Chip::Statistics() const {
  constexpr const char* kNames[] = {"bootloader", "application", "nothing"};
  return fmt::format("runs={} erased_sectors={} programmed_bytes={} swapped_sectors={} rejected_images={} {}",
                     kNames[static_cast<int>(runs_)], flash_.erased_sectors(), flash_.programmed_bytes(),
                     bootloader_.swapped_sectors(), bootloader_.rejected_images(), server_.Statistics());
}

}  // namespace motley::smpsim
