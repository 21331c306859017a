#include "tests/agent/flash/fake_stm32.h"

#include <algorithm>
#include <sstream>

namespace motley::tests {
namespace {

using boards::Micros;
using std::chrono::steady_clock;

constexpr std::uint8_t kFlip = 0x04;

class FakeStm32Port final : public agent::SerialPort {
 public:
  explicit FakeStm32Port(FakeStm32& board) : board_(board) {
    // As opening a port does.
    SetLines({true, true});
  }
  ~FakeStm32Port() override { SetLines({false, false}); }

  const std::string& name() const override { return name_; }
  int fd() const override { return -1; }

  Result<std::size_t> Read(std::span<std::uint8_t> buffer, agent::Deadline deadline) override {
    if (IsGone()) return Gone();
    const auto left = std::chrono::duration_cast<Micros>(deadline - steady_clock::now());
    const Micros until = board_.now + std::max(left, Micros(0));
    for (auto event = board_.chip.NextEvent(); output_.empty() && event && *event <= until;
         event = board_.chip.NextEvent()) {
      board_.waited = std::max(board_.waited, *event - board_.now);
      Advance(*event);
    }
    if (output_.empty()) {
      board_.now = until;
      return Error{Code::kTimeout, "nothing came from " + name_ + " in time"};
    }
    const std::size_t size = std::min(buffer.size(), output_.size());
    std::copy_n(output_.begin(), size, buffer.begin());
    output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }

  Result<void> Write(std::span<const std::uint8_t> data, agent::Deadline) override {
    const int message = ++board_.messages;
    if (IsGone()) return Gone();
    if (message == board_.reset_at) board_.chip.Reset(board_.now);
    for (std::size_t i = 0; i < data.size(); ++i) {
      const bool middle = i == data.size() / 2;
      Advance(board_.now + Micros(11'000'000 / format_.baud));
      if (board_.silent || (middle && message == board_.lose_byte)) continue;
      const auto byte = static_cast<std::uint8_t>(middle && message == board_.flip_byte ? data[i] ^ kFlip : data[i]);
      board_.chip.Receive(byte, format_, board_.now);
      Collect();
    }
    answer_begins_ = true;
    Spoil();
    return {};
  }

  Result<void> SetFormat(agent::SerialFormat format) override {
    if (IsGone()) return Gone();
    format_ = {format.baud, format.parity == agent::Parity::kEven ? boards::Parity::kEven : boards::Parity::kNone};
    board_.baud = format.baud;
    return {};
  }

  Result<void> SetModemLines(agent::ModemLines lines) override {
    if (IsGone()) return Gone();
    SetLines(lines);
    return {};
  }

  Result<void> DiscardInput() override {
    output_.clear();
    return {};
  }

 private:
  bool IsGone() const { return board_.unplug_at != 0 && board_.messages >= board_.unplug_at; }
  Error Gone() const { return {Code::kUnavailable, "serial port " + name_ + " is gone: was the board unplugged?"}; }

  void SetLines(agent::ModemLines lines) {
    if (board_.by_hand) return;
    output_.clear();
    board_.chip.SetLines(lines.dtr, lines.rts, board_.now);
    Collect();
  }

  void Advance(Micros time) {
    for (auto event = board_.chip.NextEvent(); event && *event <= time; event = board_.chip.NextEvent()) {
      board_.now = std::max(board_.now, *event);
      board_.chip.Advance(board_.now);
      Collect();
    }
    board_.now = std::max(board_.now, time);
    Spoil();
  }

  void Collect() {
    for (const boards::SentByte& sent : board_.chip.TakeOutput()) {
      if (!board_.silent) output_.push_back(boards::Heard(format_, sent.format, sent.value));
    }
  }

  /// The answer to the message that was sent last may come at once, or later.
  void Spoil() {
    if (!answer_begins_ || output_.empty()) return;
    answer_begins_ = false;
    if (board_.messages == board_.flip_answer) output_.front() ^= kFlip;
    if (board_.messages == board_.flip_answer_end) output_.back() ^= kFlip;
    if (board_.messages == board_.lose_answer) output_.pop_front();
  }

  FakeStm32& board_;
  const std::string name_ = "/dev/ttyFAKE";
  boards::SerialFormat format_;
  std::deque<std::uint8_t> output_;
  bool answer_begins_ = false;
};

}  // namespace

agent::BoardType BluePillType() {
  agent::BoardType board;
  board.name = "bluepill";
  board.chip = "STM32F103";
  board.protocol = agent::FlashProtocol::kStm32;
  board.chip_ids = {0x410};
  board.bauds = {115200, 460800};
  board.reset = agent::ResetMethod::kBoot0Rts;
  board.page_bytes = 256;
  board.application_begin = 0x0800'0000;
  board.application_end = 0x0801'0000;
  board.sectors = {{0x0800'0000, 64, 1024}};
  return board;
}

agent::BoardType NucleoType() {
  agent::BoardType board = BluePillType();
  board.name = "nucleo-f401";
  board.chip = "STM32F401";
  board.chip_ids = {0x433};
  board.application_end = 0x0808'0000;
  board.sectors = {{0x0800'0000, 4, 0x4000}, {0x0801'0000, 1, 0x1'0000}, {0x0802'0000, 3, 0x2'0000}};
  return board;
}

std::string FakeStm32::Statistic(const std::string& name) const {
  std::istringstream words(chip.Statistics());
  for (std::string word; words >> word;) {
    if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
  }
  return "";
}

std::unique_ptr<agent::SerialPort> OpenFakeStm32(FakeStm32& board) { return std::make_unique<FakeStm32Port>(board); }

}  // namespace motley::tests
