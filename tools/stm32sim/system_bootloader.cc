#include "tools/stm32sim/system_bootloader.h"

#include <algorithm>
#include <utility>

namespace motley::stm32sim {
namespace {

// AN3155, table 2.
constexpr std::uint8_t kAck = 0x79;
constexpr std::uint8_t kNack = 0x1F;
constexpr std::uint8_t kGet = 0x00;
constexpr std::uint8_t kGetVersion = 0x01;
constexpr std::uint8_t kGetId = 0x02;
constexpr std::uint8_t kReadMemory = 0x11;
constexpr std::uint8_t kGo = 0x21;
constexpr std::uint8_t kWriteMemory = 0x31;
constexpr std::uint8_t kErase = 0x43;
constexpr std::uint8_t kExtendedErase = 0x44;
constexpr std::uint8_t kReadoutProtect = 0x82;
constexpr std::uint8_t kReadoutUnprotect = 0x92;

constexpr std::uint32_t kFlashBegin = 0x0800'0000;
constexpr std::uint32_t kMinBaud = 1200;
/// From this number of pages on it is a code for all of flash, or for one of two banks.
constexpr std::size_t kSpecialErase = 0xFFF0;

/// The answer is sent before it leaves.
constexpr Micros kLastWords{5000};

std::size_t Word(std::uint8_t high, std::uint8_t low) { return std::size_t{high} << 8 | low; }

/// Bit times from the start of a byte to its next falling edge; nothing without one.
std::optional<int> FallingEdge(std::uint8_t byte) {
  for (int bit = 0; bit < 7; ++bit) {
    if ((byte >> bit & 1) == 1 && (byte >> (bit + 1) & 1) == 0) return bit + 2;
  }
  return std::nullopt;
}

}  // namespace

void SystemBootloader::Start(Micros now) {
  stage_ = Stage::kMeasure;
  listens_from_ = now + model_.boot_time;
  format_ = {};
  input_.clear();
  waiting_.reset();
  output_.clear();
  works_ = false;
  exit_ = Exit::kNone;
}

void SystemBootloader::Receive(std::uint8_t byte, boards::SerialFormat sender, Micros now) {
  if (exit_ != Exit::kNone) return;
  if (stage_ == Stage::kMeasure) {
    if (now >= listens_from_) Measure(byte, sender);
    return;
  }
  const std::uint8_t heard = boards::Heard(format_, sender, byte);
  if (!works_) return Take(heard, now);
  if (waiting_) {
    ++overruns_;
  } else {
    waiting_ = heard;
  }
}

void SystemBootloader::Advance(Micros now) {
  flash_.Advance(now);
  if (!works_ || flash_.IsBusy()) return;
  works_ = false;
  Done(now);
  if (const auto byte = std::exchange(waiting_, std::nullopt)) Take(*byte, now);
}

std::optional<Micros> SystemBootloader::NextEvent() const {
  if (exit_ != Exit::kNone) return leaves_at_;
  return flash_.NextEvent();
}

std::vector<boards::SentByte> SystemBootloader::TakeOutput() { return std::exchange(output_, {}); }

/// By the time between two falling edges, which are eight bits apart in 0x7F.
void SystemBootloader::Measure(std::uint8_t byte, boards::SerialFormat sender) {
  const auto edge = FallingEdge(byte);
  if (!edge) return;
  std::uint32_t baud = sender.baud * 8 / static_cast<std::uint32_t>(*edge);
  // It counts in a loop that is too coarse for more.
  if (sender.baud > max_baud_) baud = baud * 9 / 10;
  if (baud < kMinBaud) return;
  format_ = {baud, boards::Parity::kEven};
  Expect(Stage::kCommand);
  Answer(kAck);
}

void SystemBootloader::Expect(Stage stage) {
  stage_ = stage;
  input_.clear();
}

/// Bytes of this stage, as far as is known by now.
std::size_t SystemBootloader::Needed() const {
  switch (stage_) {
    case Stage::kMeasure:
    case Stage::kCommand:
    case Stage::kReadSize:
      break;
    case Stage::kAddress:
      return 5;
    case Stage::kData:
      return input_.empty() ? 1 : input_[0] + 3u;
    case Stage::kPages:
      if (command_ == kErase) return input_.empty() || input_[0] == 0xFF ? 2 : input_[0] + 3u;
      if (input_.size() < 2 || IsMassErase()) return 3;
      return 2 + 2 * (Word(input_[0], input_[1]) + 1) + 1;
  }
  return 2;
}

void SystemBootloader::Take(std::uint8_t byte, Micros now) {
  input_.push_back(byte);
  if (input_.size() < Needed()) return;
  switch (stage_) {
    case Stage::kMeasure:
      break;
    case Stage::kCommand:
      return Command(now);
    case Stage::kAddress:
      return Address(now);
    case Stage::kReadSize:
      return ReadSize();
    case Stage::kData:
      return Data(now);
    case Stage::kPages:
      return Pages(now);
  }
}

void SystemBootloader::Refuse() {
  ++refused_;
  Answer(kNack);
  Expect(Stage::kCommand);
}

bool SystemBootloader::ChecksumHolds() const {
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : input_) sum ^= byte;
  return sum == 0;
}

bool SystemBootloader::Allows(std::uint8_t command) const {
  const auto& known = model_.commands;
  if (std::find(known.begin(), known.end(), command) == known.end()) return false;
  switch (command) {
    case kReadMemory:
    case kGo:
    case kWriteMemory:
    case kErase:
    case kExtendedErase:
    case kReadoutProtect:
      return !protected_;
    default:
      return true;
  }
}

void SystemBootloader::Command(Micros now) {
  if ((input_[0] ^ input_[1]) != 0xFF || !Allows(input_[0])) return Refuse();
  command_ = input_[0];
  Expect(Stage::kCommand);
  Answer(kAck);
  switch (command_) {
    case kGet:
      Answer(static_cast<std::uint8_t>(model_.commands.size()));
      Answer(model_.bootloader_version);
      for (const std::uint8_t command : model_.commands) Answer(command);
      return Answer(kAck);
    case kGetVersion:
      for (const std::uint8_t byte : {model_.bootloader_version, std::uint8_t{0}, std::uint8_t{0}, kAck}) Answer(byte);
      return;
    case kGetId:
      for (const int byte : {1, id_ >> 8, id_ & 0xFF, int{kAck}}) Answer(static_cast<std::uint8_t>(byte));
      return;
    case kReadoutProtect:
      protected_ = true;
      Answer(kAck);
      return Leave(Exit::kReset, now);
    case kReadoutUnprotect:
      for (std::size_t sector = 0; sector < model_.sectors.size(); ++sector) flash_.BeginErase(sector, now);
      protected_ = false;
      return Work();
    case kErase:
    case kExtendedErase:
      return Expect(Stage::kPages);
    default:
      return Expect(Stage::kAddress);
  }
}

void SystemBootloader::Address(Micros now) {
  if (!ChecksumHolds()) return Refuse();
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) address = address << 8 | input_[static_cast<std::size_t>(i)];
  if (address < kFlashBegin || address - kFlashBegin >= model_.flash_bytes()) return Refuse();
  offset_ = address - kFlashBegin;
  Answer(kAck);
  if (command_ == kGo) return Leave(Exit::kGo, now);
  Expect(command_ == kReadMemory ? Stage::kReadSize : Stage::kData);
}

void SystemBootloader::ReadSize() {
  const std::size_t size = input_[0] + std::size_t{1};
  if ((input_[0] ^ input_[1]) != 0xFF || offset_ + size > model_.flash_bytes()) return Refuse();
  Answer(kAck);
  for (const std::uint8_t byte : flash_.bytes().subspan(offset_, size)) Answer(byte);
  Expect(Stage::kCommand);
}

void SystemBootloader::Data(Micros now) {
  const std::size_t size = input_[0] + std::size_t{1};
  if (!ChecksumHolds() || size % 4 != 0 || offset_ % 4 != 0 || offset_ + size > model_.flash_bytes()) return Refuse();
  flash_.BeginProgram(offset_, std::span(input_).subspan(1, size), now);
  Work();
}

bool SystemBootloader::IsMassErase() const {
  if (command_ == kErase) return input_[0] == 0xFF;
  return Word(input_[0], input_[1]) >= kSpecialErase;
}

void SystemBootloader::Pages(Micros now) {
  // The code for all of flash has a complement where pages have a checksum.
  const bool whole = command_ == kErase ? input_ == std::vector<std::uint8_t>{0xFF, 0x00}
                                        : input_ == std::vector<std::uint8_t>{0xFF, 0xFF, 0x00};
  if (IsMassErase() ? !whole : !ChecksumHolds()) return Refuse();
  std::vector<std::size_t> sectors;
  for (std::size_t i = 0; whole && i < model_.sectors.size(); ++i) sectors.push_back(i);
  const std::size_t width = command_ == kErase ? 1 : 2;
  for (std::size_t at = width; !whole && at + width < input_.size(); at += width) {
    sectors.push_back(width == 1 ? input_[at] : Word(input_[at], input_[at + 1]));
    if (sectors.back() >= model_.sectors.size()) return Refuse();
  }
  for (const std::size_t sector : sectors) flash_.BeginErase(sector, now);
  Work();
}

void SystemBootloader::Work() {
  works_ = true;
  Expect(Stage::kCommand);
}

void SystemBootloader::Done(Micros now) {
  Answer(kAck);
  if (command_ == kReadoutUnprotect) Leave(Exit::kReset, now);
}

void SystemBootloader::Leave(Exit exit, Micros now) {
  exit_ = exit;
  leaves_at_ = now + kLastWords;
}

}  // namespace motley::stm32sim
