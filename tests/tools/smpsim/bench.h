#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "tests/support/mcuboot_image.h"
#include "tools/boards/text_image.h"
#include "tools/smpsim/chip.h"
#include "tools/smpsim/smp_frame.h"

namespace motley::smpsim {

/// A signed image whose application says hello with `version`.
inline std::vector<std::uint8_t> ImageOf(const std::string& version, std::size_t program_bytes,
                                         const std::string& words = "") {
  const auto program = boards::MakeTextImage(
      {.size_bytes = program_bytes, .words = "firmware=blink version=" + version + words, .seed = version.back() * 1u});
  return tests::MakeMcubootImage(version, std::string(program.begin(), program.end()));
}

/// A chip in a time of its own.
class Bench {
 public:
  explicit Bench(const std::vector<std::uint8_t>& image) {
    Put(0, image);
    chip_.PowerOn(now_);
  }

  Chip& chip() { return chip_; }
  /// What the chip has said since it was asked last, and without ends of lines that frames share with it.
  std::string TakeOutput() { return std::exchange(output_, {}); }
  void Put(int slot, const std::vector<std::uint8_t>& image) {
    std::copy(image.begin(), image.end(), chip_.flash().begin() + kSlotOffsets[slot]);
  }
  bool Holds(int slot, const std::vector<std::uint8_t>& image) {
    return std::equal(image.begin(), image.end(), chip_.flash().begin() + kSlotOffsets[slot]);
  }

  /// The next thing that happens by itself; false: nothing will within an hour.
  bool Step() {
    const auto next = chip_.NextEvent();
    if (!next || *next > now_ + std::chrono::hours(1)) return false;
    now_ = *next;
    chip_.Advance(now_);
    Collect();
    return true;
  }
  bool RunUntil(const std::function<bool()>& condition, Micros patience = std::chrono::minutes(5)) {
    const Micros end = now_ + patience;
    while (!condition()) {
      if (now_ > end || !Step()) return false;
    }
    return true;
  }
  bool RunsApplication() { return chip_.Statistics().find("runs=application") != std::string::npos; }
  void Reset() {
    chip_.Reset(now_);
    Collect();
  }
  std::string Slots() { return chip_.Execute("slots", now_)->substr(3); }
  void Execute(const std::string& command) { CHECK(chip_.Execute(command, now_) == "ok"); }

  void Send(const std::string& text) {
    for (const char byte : text) chip_.Receive(static_cast<std::uint8_t>(byte), chip_.format(), now_);
    Collect();
  }
  /// The answer to a request; nothing: none came within two minutes.
  std::optional<SmpPacket> Ask(SmpPacket request) {
    request.sequence = ++sequence_;
    request.version = 1;
    Send(FrameOf(request));
    std::optional<SmpPacket> answer;
    RunUntil(
        [&] {
          for (std::size_t end; (end = output_.find('\n')) != std::string::npos; output_.erase(0, end + 1)) {
            auto packet = reader_.Add(output_.substr(0, end), 4096);
            if (packet && packet->sequence == request.sequence) answer = packet;
          }
          return answer.has_value();
        },
        std::chrono::minutes(2));
    return answer;
  }

  Micros now() const { return now_; }

 private:
  void Collect() {
    for (const auto& byte : chip_.TakeOutput()) output_.push_back(static_cast<char>(byte.value));
  }

  Chip chip_;
  Micros now_{0};
  std::string output_;
  FrameReader reader_;
  std::uint8_t sequence_ = 0;
};

}  // namespace motley::smpsim
