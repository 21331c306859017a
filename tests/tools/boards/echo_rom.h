#pragma once

#include <utility>
#include <vector>

#include "tools/boards/rom.h"
#include "tools/boards/text_application.h"

namespace motley::boards {

/// The smallest Rom: sends back what it receives, at `format`; DTR going active resets it, which starts the application
/// in its flash. The command "store B" writes a byte to the start of the flash.
class EchoRom : public Rom {
 public:
  explicit EchoRom(SerialFormat format) : format_(format) {}

  void PowerOn(Micros now) override { Reset(now); }
  void Reset(Micros now) override {
    ++resets_;
    output_.clear();
    application_ = TextApplication::Find(flash_);
    if (application_) application_->Start(now);
  }
  void SetLines(bool dtr, bool, Micros now) override {
    if (dtr && !std::exchange(dtr_, dtr)) Reset(now);
    dtr_ = dtr;
  }
  void Receive(std::uint8_t byte, SerialFormat sender, Micros) override {
    output_.push_back({Heard(format_, sender, byte), format_});
  }
  void Advance(Micros now) override {
    if (application_ && application_->Advance(now) == TextApplication::Outcome::kCrashed) Reset(now);
  }
  std::optional<Micros> NextEvent() const override { return application_ ? application_->NextEvent() : std::nullopt; }
  std::vector<SentByte> TakeOutput() override {
    auto output = std::exchange(output_, {});
    if (application_) {
      for (const SentByte& byte : application_->TakeOutput()) output.push_back(byte);
    }
    return output;
  }
  std::uint64_t resets() const override { return resets_; }
  SerialFormat format() const override { return format_; }
  std::span<std::uint8_t> flash() override { return flash_; }
  std::optional<std::string> Execute(std::string_view command, Micros) override {
    if (command.substr(0, 6) != "store " || command.size() != 7) return std::nullopt;
    flash_[0] = static_cast<std::uint8_t>(command[6]);
    return "ok";
  }
  std::string Commands() const override { return "store B"; }
  std::string Statistics() const override { return "echo=1"; }

 private:
  const SerialFormat format_;
  std::vector<std::uint8_t> flash_ = std::vector<std::uint8_t>(1024, 0xff);
  std::vector<SentByte> output_;
  std::optional<TextApplication> application_;
  std::uint64_t resets_ = 0;
  bool dtr_ = false;
};

}  // namespace motley::boards
