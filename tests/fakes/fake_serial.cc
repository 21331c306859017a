#include "tests/fakes/fake_serial.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/flash/avr_selfcheck.h"

namespace motley::tests {
namespace {

constexpr std::uint8_t kInSync = 0x14, kOk = 0x10, kEnd = 0x20;

}  // namespace

class FakePort final : public agent::SerialPort {
 public:
  explicit FakePort(FakeBoard& board) : board_(board) {}

  const std::string& name() const override { return name_; }
  int fd() const override { return board_.reader_.get(); }

  Result<std::size_t> Read(std::span<std::uint8_t> buffer, agent::Deadline deadline) override {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    // Nobody else feeds it: what is not there now comes only from another thread of the test.
    pollfd entry{fd(), POLLIN, 0};
    poll(&entry, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 20)));
    if (!board_.present) return Gone();
    if (board_.talks && board_.in_bootloader_) board_.Say("uptime_ms=1\n");
    const ssize_t size = read(fd(), buffer.data(), buffer.size());
    if (size > 0) return static_cast<std::size_t>(size);
    return Error{Code::kTimeout, "nothing came from " + name_ + " in time"};
  }

  Result<void> Write(std::span<const std::uint8_t> data, agent::Deadline) override {
    for (const std::uint8_t byte : data) {
      if (!board_.present) return Gone();
      board_.Receive(byte);
    }
    return {};
  }

  Result<void> SetFormat(agent::SerialFormat) override { return {}; }

  Result<void> SetModemLines(agent::ModemLines lines) override {
    if (!board_.present) return Gone();
    if (lines.dtr && low_) board_.Reset(true);
    low_ = !lines.dtr;
    return {};
  }

  Result<void> DiscardInput() override { return {}; }

 private:
  Error Gone() const { return {Code::kUnavailable, "serial port " + name_ + " is gone: was the board unplugged?"}; }

  FakeBoard& board_;
  const std::string name_ = "/dev/ttyFAKE";
  bool low_ = false;
};

FakeBoard::FakeBoard() : flash(32768, 0xFF) {
  int ends[2];
  CHECK(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  reader_ = UniqueFd(ends[0]);
  writer_ = UniqueFd(ends[1]);
}

void FakeBoard::Say(const std::string& text) {
  if (write(writer_.get(), text.data(), text.size()) < 0) return;  // full: the reader is slow, as on a wire
}

void FakeBoard::Unplug() {
  present = false;
  Say("x");  // wakes whoever waits for input
}

void FakeBoard::Reset(bool into_bootloader) {
  std::array<char, 4096> old;
  while (read(reader_.get(), old.data(), old.size()) > 0) {
  }
  in_bootloader_ = into_bootloader;
  command_.clear();
  if (into_bootloader) {
    ++bootloader_starts;
  } else {
    StartApplication();
  }
}

void FakeBoard::StartApplication() {
  in_bootloader_ = false;
  const std::size_t blocks = flash[126];
  if (runs_self_check && blocks > 0 && blocks * agent::kSelfCheckBlock <= flash.size()) {
    agent::BoardType board;
    board.page_bytes = 128;
    board.bauds = {115200};
    std::vector<std::uint8_t> page(board.page_bytes);
    agent::PutSelfCheck(page, blocks, board);
    if (!std::equal(page.begin(), page.end(), flash.begin())) return SayHello();
    const auto answer = agent::SelfCheckAnswer(std::span(flash).first(blocks * agent::kSelfCheckBlock));
    return Say({answer.begin(), answer.end()});
  }
  SayHello();
}

void FakeBoard::SayHello() {
  const std::string program(flash.begin(), flash.begin() + 64);
  if (program.starts_with("version=")) {
    for (int start = 0; start <= crashes; ++start) {
      Say("hello firmware=fake " + program.substr(0, program.find(';')) + "\n");
    }
  }
}

void FakeBoard::Receive(std::uint8_t byte) {
  if (++received_ == unplug_after) return Unplug();
  if (!in_bootloader_ || silent || talks) return;
  command_.push_back(byte);
  if (RunCommand()) command_.clear();
}

void FakeBoard::Answer(const std::vector<std::uint8_t>& data) {
  std::string answer(1, static_cast<char>(kInSync));
  answer.append(data.begin(), data.end());
  answer += static_cast<char>(kOk);
  if (++answers_ == garble_answer) answer[0] = '\x7f';
  Say(answer);
}

/// Whether the command was whole.
bool FakeBoard::RunCommand() {
  const std::uint8_t code = command_[0];
  if (code == 0x64) {  // program page: code, two bytes of size, memory type, data, end
    if (command_.size() < 4 || command_.size() < 5u + (command_[1] << 8 | command_[2])) return false;
    if (before_page) before_page();
    for (std::size_t i = 0; i + 5 < command_.size(); ++i) {
      if (static_cast<int>(address_ + i) != broken_address) flash[address_ + i] = command_[4 + i];
    }
    ++pages_written;
    Answer({});
    return true;
  }
  const std::map<std::uint8_t, std::size_t> sizes{{0x55, 4}, {0x74, 5}};
  const auto size = sizes.find(code);
  if (command_.size() < (size == sizes.end() ? 2 : size->second)) return false;
  CHECK(command_.back() == kEnd);
  if (code == 0x55) address_ = static_cast<std::size_t>(command_[1] | command_[2] << 8) * 2;
  if (code == 0x74) {
    const std::size_t end = address_ + static_cast<std::size_t>(command_[1] << 8 | command_[2]);
    CHECK(end <= flash.size());
    ++pages_read;
    Answer({flash.begin() + static_cast<std::ptrdiff_t>(address_), flash.begin() + static_cast<std::ptrdiff_t>(end)});
  } else if (code == 0x75) {
    Answer(signature);
  } else {
    Answer({});
  }
  if (code == 0x51) StartApplication();
  return true;
}

std::unique_ptr<agent::SerialPort> OpenFakePort(FakeBoard& board) { return std::make_unique<FakePort>(board); }

FakeBoard& FakeSerialSystem::Plug(const std::string& port, const std::string& serial_number,
                                  std::uint32_t usb_product) {
  const std::lock_guard lock(mutex_);
  Entry& entry = ports_[port];
  entry.info = {.name = port, .usb_vendor = 0x2341, .usb_product = usb_product, .serial_number = serial_number};
  entry.board = std::make_unique<FakeBoard>();
  return *entry.board;
}

Result<std::vector<agent::PortInfo>> FakeSerialSystem::List() {
  const std::lock_guard lock(mutex_);
  std::vector<agent::PortInfo> infos;
  for (const auto& [name, entry] : ports_) {
    if (entry.board->present) infos.push_back(entry.info);
  }
  return infos;
}

Result<std::unique_ptr<agent::SerialPort>> FakeSerialSystem::Open(const std::string& name, std::uint32_t) {
  const std::lock_guard lock(mutex_);
  const auto found = ports_.find(name);
  if (found == ports_.end() || !found->second.board->present) {
    return Error{Code::kNotFound, "no serial port " + name};
  }
  FakeBoard& board = *found->second.board;
  if (board.busy) return Error{Code::kConflict, "serial port " + name + " is in use by picocom (pid 77)"};
  ++board.opened;
  auto port = OpenFakePort(board);
  board.Reset(false);
  return port;
}

std::string FakeProgram(const std::string& version) { return "version=" + version + ";" + std::string(500, 'p'); }

}  // namespace motley::tests
