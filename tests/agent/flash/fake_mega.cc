#include "tests/agent/flash/fake_mega.h"

#include <algorithm>

#include "agent/flash/avr_selfcheck.h"

namespace motley::tests {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kPage = 256;

class FakeMegaPort final : public agent::SerialPort {
 public:
  explicit FakeMegaPort(FakeMega& board) : board_(board) {}

  const std::string& name() const override { return name_; }
  int fd() const override { return -1; }

  Result<std::size_t> Read(std::span<std::uint8_t> buffer, agent::Deadline) override {
    if (IsGone()) return Gone();
    if (!board_.talk.empty()) output_.insert(output_.end(), board_.talk.begin(), board_.talk.end());
    if (output_.empty()) return Error{Code::kTimeout, "nothing came from " + name_ + " in time"};
    const std::size_t size = std::min(buffer.size(), output_.size());
    std::copy_n(output_.begin(), size, buffer.begin());
    output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }

  Result<void> Write(std::span<const std::uint8_t> data, agent::Deadline) override {
    ++board_.messages;
    if (IsGone()) return Gone();
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (board_.messages == board_.lose_byte && i == data.size() / 2) continue;
      if (board_.silent || !board_.talk.empty() || board_.started || board_.resets == 0) continue;
      if (decoder_.Take(data[i]) == agent::Stk500v2Decoder::Step::kWhole) Answer(decoder_.message());
    }
    return {};
  }

  Result<void> SetFormat(agent::SerialFormat) override { return {}; }

  Result<void> SetModemLines(agent::ModemLines lines) override {
    if (IsGone()) return Gone();
    if (lines.dtr && low_) {
      ++board_.resets;
      board_.started = false;
      output_.clear();
      decoder_ = {};
      erased_ = 0;
    }
    low_ = !lines.dtr;
    return {};
  }

  Result<void> DiscardInput() override { return {}; }

 private:
  bool IsGone() const { return board_.unplug_at > 0 && board_.messages >= board_.unplug_at; }
  Error Gone() const { return {Code::kUnavailable, "serial port " + name_ + " is gone: was the board unplugged?"}; }

  void Answer(const agent::Stk500v2Message& message) {
    ++answers_;
    Bytes answer = Execute(message.body);
    if (answers_ == board_.lose_answer) return;
    answer = agent::EncodeStk500v2(message.sequence, answer);
    if (answers_ == board_.garble_answer) answer[answer.size() / 2] ^= 0x04;
    output_.insert(output_.end(), answer.begin(), answer.end());
    if (board_.started) RunProgram();
  }

  void RunProgram() {
    const std::size_t blocks = board_.flash[126];
    Bytes page(kPage);
    if (blocks == 0 || !board_.runs_self_check) return;
    agent::PutSelfCheck(page, blocks, MegaType());
    if (!std::equal(page.begin(), page.end(), board_.flash.begin())) return;
    const auto sums = agent::SelfCheckAnswer(std::span(board_.flash).first(blocks * agent::kSelfCheckBlock));
    output_.insert(output_.end(), sums.begin(), sums.end());
  }

  Bytes Execute(const Bytes& body) {
    const std::uint8_t command = body[0];
    switch (command) {
      case 0x06:
        address_ = (std::size_t{body[2]} << 16 | std::size_t{body[3]} << 8 | body[4]) * 2;
        return {command, 0};
      case 0x13:
        return {command, WritePage(body)};
      case 0x14: {
        ++board_.pages_read;
        Bytes answer{command, 0};
        const std::size_t size = std::size_t{body[1]} << 8 | body[2];
        for (std::size_t i = 0; i < size; ++i) answer.push_back(board_.flash[address_++]);
        answer.push_back(0);
        return answer;
      }
      case 0x1D:
        return {command, 0, 0, body[4], 0, static_cast<std::uint8_t>(board_.signature >> (16 - 8 * body[6])), 0};
      case 0x11:
        board_.started = true;
        return {command, 0};
      default:
        return {command, 0};
    }
  }

  std::uint8_t WritePage(const Bytes& body) {
    if (board_.refuses) return 0xC0;
    std::fill_n(board_.flash.begin() + static_cast<std::ptrdiff_t>(erased_), kPage, std::uint8_t{0xFF});
    erased_ += kPage;
    for (std::size_t i = 10; i < body.size(); ++i, ++address_) {
      if (static_cast<int>(address_) != board_.broken_address) board_.flash[address_] &= body[i];
    }
    ++board_.pages_written;
    return 0;
  }

  FakeMega& board_;
  const std::string name_ = "/dev/ttyFAKE";
  std::deque<std::uint8_t> output_;
  agent::Stk500v2Decoder decoder_;
  std::size_t address_ = 0;
  std::size_t erased_ = 0;
  int answers_ = 0;
  bool low_ = false;
};

}  // namespace

agent::BoardType MegaType() {
  agent::BoardType mega;
  mega.name = "mega";
  mega.chip = "ATmega2560";
  mega.protocol = agent::FlashProtocol::kStk500v2;
  mega.chip_ids = {0x1E9801};
  mega.bauds = {115200};
  mega.page_bytes = kPage;
  mega.application_end = 0x3C000;
  mega.sectors = {{0, mega.application_end / mega.page_bytes, mega.page_bytes}};
  return mega;
}

std::unique_ptr<agent::SerialPort> OpenFakeMega(FakeMega& board) { return std::make_unique<FakeMegaPort>(board); }

}  // namespace motley::tests
