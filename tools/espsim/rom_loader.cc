#include "tools/espsim/rom_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/crypto/md5.h"

namespace motley::espsim {
namespace {

constexpr std::uint8_t kFlashBegin = 0x02;
constexpr std::uint8_t kFlashData = 0x03;
constexpr std::uint8_t kFlashEnd = 0x04;
constexpr std::uint8_t kSync = 0x08;
constexpr std::uint8_t kWriteRegister = 0x09;
constexpr std::uint8_t kReadRegister = 0x0A;
constexpr std::uint8_t kSpiSetParameters = 0x0B;
constexpr std::uint8_t kSpiAttach = 0x0D;
constexpr std::uint8_t kChangeBaud = 0x0F;
constexpr std::uint8_t kDeflateBegin = 0x10;
constexpr std::uint8_t kDeflateData = 0x11;
constexpr std::uint8_t kDeflateEnd = 0x12;
constexpr std::uint8_t kFlashMd5 = 0x13;
constexpr std::uint8_t kGetSecurityInfo = 0x14;
constexpr std::uint8_t kLater[] = {kSpiSetParameters, kSpiAttach,  kChangeBaud, kDeflateBegin,
                                   kDeflateData,      kDeflateEnd, kFlashMd5};
/// Of the later ones, what secure download mode leaves where GET_SECURITY_INFO is.
constexpr std::uint8_t kSecure[] = {kSpiSetParameters, kSpiAttach, kChangeBaud};
constexpr std::uint32_t kSecureDownload = 1u << 2;

constexpr std::size_t kHeader = 8;
constexpr std::size_t kWord = 4;
constexpr std::size_t kDataHeader = 4 * kWord;
constexpr std::uint8_t kChecksumStart = 0xEF;
/// As in a trace of a real chip that the documentation shows.
constexpr std::uint32_t kSyncValue = 0x55201207;
constexpr int kSyncReplies = 8;
/// How often it refuses what it does not know; esptool-js counts on that.
constexpr int kRefusals = 8;
/// Of the UART.
constexpr std::size_t kInputBuffer = 128;
/// Flash is read, and digested, at some MB/s.
constexpr Micros kDigestPage{128};
constexpr std::uint32_t kMinBaud = 300;

std::uint32_t Word(std::span<const std::uint8_t> data, std::size_t index) {
  const auto place = data.subspan(index * kWord, kWord);
  return place[0] | place[1] << 8 | place[2] << 16 | std::uint32_t{place[3]} << 24;
}

bool IsSync(std::span<const std::uint8_t> data) {
  constexpr std::uint8_t kStart[] = {0x07, 0x07, 0x12, 0x20};
  return data.size() == 36 && std::equal(std::begin(kStart), std::end(kStart), data.begin()) &&
         std::all_of(data.begin() + 4, data.end(), [](std::uint8_t byte) { return byte == 0x55; });
}

std::uint8_t Checksum(std::span<const std::uint8_t> data) {
  std::uint8_t checksum = kChecksumStart;
  for (const std::uint8_t byte : data) checksum ^= byte;
  return checksum;
}

bool IsInFlash(std::uint64_t address, std::uint64_t size) { return address + size <= kFlashBytes; }

}  // namespace

RomLoader::RomLoader(const Model& model, NorFlash& flash, Registers& registers)
    : model_(model), flash_(flash), registers_(registers), format_{model.boot_baud, boards::Parity::kNone} {}

void RomLoader::Start() {
  framer_ = {};
  format_ = {model_.boot_baud, boards::Parity::kNone};
  synchronised_ = attached_ = leave_ = false;
  next_baud_.reset();
  download_.reset();
  pending_.reset();
  waiting_.clear();
  output_.clear();
}

void RomLoader::Receive(std::uint8_t byte, boards::SerialFormat sender, Micros now) {
  if (!pending_) return TakeByte(byte, sender, now);
  // USB has the client wait.
  if (model_.has_usb || waiting_.size() < kInputBuffer) {
    waiting_.push_back({byte, sender});
  } else {
    ++overruns_;
  }
}

void RomLoader::TakeByte(std::uint8_t byte, boards::SerialFormat sender, Micros now) {
  // USB has no baud rate.
  if (model_.has_usb) format_ = sender;
  if (!synchronised_ && sender.parity == boards::Parity::kNone && sender.baud >= kMinBaud) format_ = sender;
  if (const auto packet = framer_.Push(boards::Heard(format_, sender, byte))) TakePacket(*packet, now);
}

void RomLoader::TakePacket(std::span<const std::uint8_t> packet, Micros now) {
  if (packet.size() < kHeader || packet[0] != 0) return;
  const std::uint8_t command = packet[1];
  const std::size_t size = packet[2] | packet[3] << 8;
  const auto data = packet.subspan(kHeader);
  if (!synchronised_ && (command != kSync || !IsSync(data))) return;
  ++commands_;
  if (!Knows(command)) {
    for (int i = 0; i < kRefusals; ++i) Send(0, {.error = Error::kInvalidMessage, .value = 0, .data = {}});
    return;
  }
  if (size != data.size()) return Send(command, {.error = Error::kInvalidMessage, .value = 0, .data = {}});
  Do(command, data, Word(packet, 1), now);
}

bool RomLoader::Knows(std::uint8_t command) const {
  const auto is_in = [&](const auto& commands) {
    return std::find(std::begin(commands), std::end(commands), command) != std::end(commands);
  };
  const bool has_security_info = model_.security_info_bytes != 0;
  if (command == kGetSecurityInfo) return has_security_info;
  if (is_in(kLater)) return model_.has_later_commands && (!protected_ || !has_security_info || is_in(kSecure));
  if (command == kReadRegister || command == kWriteRegister) return !protected_;
  return command == kFlashBegin || command == kFlashData || command == kFlashEnd || command == kSync;
}

void RomLoader::Do(std::uint8_t command, std::span<const std::uint8_t> data, std::uint32_t checksum, Micros now) {
  Pending pending{.command = command, .reply = {}, .address = 0, .written = {}, .digest = {}};
  Reply& reply = pending.reply;
  switch (command) {
    case kSync:
      synchronised_ = true;
      for (int i = 0; i < kSyncReplies; ++i) Send(kSync, {.error = Error::kNone, .value = kSyncValue, .data = {}});
      return;
    case kReadRegister:
      if (data.size() != kWord) reply.error = Error::kInvalidMessage;
      if (data.size() == kWord) reply.value = registers_.Read(Word(data, 0), format_.baud);
      break;
    case kWriteRegister:
      reply = WriteRegisters(data);
      break;
    case kSpiSetParameters:
      if (data.size() != 6 * kWord) reply.error = Error::kInvalidMessage;
      break;
    case kSpiAttach:
      if (data.size() != 2 * kWord) reply.error = Error::kInvalidMessage;
      attached_ = reply.error == Error::kNone;
      break;
    case kChangeBaud:
      reply = ChangeBaud(data);
      break;
    case kFlashBegin:
    case kDeflateBegin:
      reply = Begin(command == kDeflateBegin, data, now);
      break;
    case kFlashData:
    case kDeflateData:
      reply = Data(command == kDeflateData, data, checksum, now, pending);
      break;
    case kFlashEnd:
    case kDeflateEnd:
      reply = End(data);
      break;
    case kFlashMd5:
      reply = Digest(data, now, pending);
      break;
    case kGetSecurityInfo:
      reply = SecurityInfo(data);
      break;
    default:
      return;
  }
  pending_ = std::move(pending);
  if (!flash_.IsBusy()) Finish(now);
}

RomLoader::Reply RomLoader::Begin(bool deflated, std::span<const std::uint8_t> data, Micros now) {
  const std::size_t words = data.size() / kWord;
  if (data.size() % kWord != 0 || words < model_.least_begin_words || words > model_.most_begin_words) {
    return {.error = Error::kInvalidMessage};
  }
  const std::uint32_t size = Word(data, 0);
  const std::uint32_t address = Word(data, 3);
  if (!IsInFlash(address, size)) return {.error = Error::kInvalidMessage};
  if (model_.has_later_commands && !attached_) return {.error = Error::kFailed};
  std::uint32_t erase = size;
  if (model_.erases_twice) {
    const std::uint32_t sectors = (size + NorFlash::kSector - 1) / NorFlash::kSector;
    const std::uint32_t to_next_block = (NorFlash::kBlock - address % NorFlash::kBlock) / NorFlash::kSector;
    erase = (sectors + std::min(sectors, to_next_block)) * NorFlash::kSector;
  }
  flash_.BeginErase(address, std::min(erase, kFlashBytes - address), now);
  download_ = Download{.deflated = deflated,
                       .blocks = Word(data, 1),
                       .block_bytes = Word(data, 2),
                       .next_block = 0,
                       .address = address,
                       .end = deflated ? address + size : kFlashBytes,
                       .inflater = {}};
  return {};
}

RomLoader::Reply RomLoader::Data(bool deflated, std::span<const std::uint8_t> data, std::uint32_t checksum, Micros now,
                                 Pending& pending) {
  if (data.size() < kDataHeader || Word(data, 0) != data.size() - kDataHeader) return {.error = Error::kInvalidMessage};
  const auto block = data.subspan(kDataHeader);
  if (!download_ || download_->deflated != deflated) return {.error = Error::kFailed};
  if (download_->next_block >= download_->blocks || block.size() > download_->block_bytes) {
    return {.error = Error::kFailed};
  }
  if (Checksum(block) != (checksum & 0xFF)) return {.error = Error::kInvalidChecksum};
  if (Word(data, 1) != download_->next_block) return {.error = Error::kInvalidMessage};
  Bytes content(block.begin(), block.end());
  if (deflated) {
    deflated_bytes_ += block.size();
    auto inflated = download_->inflater.Push(block);
    if (!inflated) return {.error = Error::kDeflate};
    content = *std::move(inflated);
  }
  if (content.size() > download_->end - download_->address) return {.error = Error::kFailed};
  flash_.BeginProgram(download_->address, content, now);
  ++download_->next_block;
  pending.address = download_->address;
  download_->address += static_cast<std::uint32_t>(content.size());
  pending.written = std::move(content);
  return {};
}

RomLoader::Reply RomLoader::End(std::span<const std::uint8_t> data) {
  if (data.size() != kWord) return {.error = Error::kInvalidMessage};
  if (!download_) return {.error = Error::kFailed};
  download_.reset();
  leave_ = true;
  return {};
}

RomLoader::Reply RomLoader::Digest(std::span<const std::uint8_t> data, Micros now, Pending& pending) {
  if (data.size() != 4 * kWord || !IsInFlash(Word(data, 0), Word(data, 1))) return {.error = Error::kInvalidMessage};
  if (!attached_) return {.error = Error::kFailed};
  ++digests_;
  pending.digest = {Word(data, 0), Word(data, 1)};
  flash_.BeginWait(kDigestPage * (Word(data, 1) / NorFlash::kPage), now);
  return {};
}

RomLoader::Reply RomLoader::SecurityInfo(std::span<const std::uint8_t> data) const {
  if (!data.empty()) return {.error = Error::kInvalidMessage};
  Reply reply;
  reply.data.resize(model_.security_info_bytes);
  if (protected_) reply.data[0] = kSecureDownload;
  if (registers_.encrypted()) reply.data[4] = 1;
  if (reply.data.size() > 12) reply.data[12] = static_cast<std::uint8_t>(model_.chip_id);
  return reply;
}

RomLoader::Reply RomLoader::WriteRegisters(std::span<const std::uint8_t> data) {
  constexpr std::size_t kEntry = 4 * kWord;
  if (data.empty() || data.size() % kEntry != 0) return {.error = Error::kInvalidMessage};
  for (; !data.empty(); data = data.subspan(kEntry)) registers_.Write(Word(data, 0), Word(data, 1), Word(data, 2));
  return {};
}

RomLoader::Reply RomLoader::ChangeBaud(std::span<const std::uint8_t> data) {
  if (data.size() != 2 * kWord || Word(data, 0) < kMinBaud || Word(data, 0) > kMaxBaud) {
    return {.error = Error::kInvalidMessage};
  }
  next_baud_ = Word(data, 0);
  return {};
}

void RomLoader::Advance(Micros now) {
  if (pending_ && !flash_.IsBusy()) Finish(now);
}

void RomLoader::Finish(Micros now) {
  Pending pending = *std::exchange(pending_, std::nullopt);
  Reply& reply = pending.reply;
  const auto flash = flash_.bytes();
  if (reply.error == Error::kNone && !pending.written.empty() &&
      Checksum(flash.subspan(pending.address, pending.written.size())) != Checksum(pending.written)) {
    reply.error = Error::kFlashWrite;
  }
  if (reply.error == Error::kNone && pending.digest) {
    for (const std::uint8_t byte : Md5(flash.subspan(pending.digest->first, pending.digest->second))) {
      for (const char digit : fmt::format("{:02x}", byte)) reply.data.push_back(static_cast<std::uint8_t>(digit));
    }
  }
  Send(pending.command, reply);
  if (next_baud_) {
    const std::uint32_t baud = *std::exchange(next_baud_, std::nullopt);
    format_.baud = baud <= max_baud_ ? baud : baud / 2;
  }
  while (!waiting_.empty() && !pending_) {
    const boards::SentByte byte = waiting_.front();
    waiting_.pop_front();
    TakeByte(byte.value, byte.format, now);
  }
}

void RomLoader::Send(std::uint8_t command, const Reply& reply) {
  const std::size_t size = reply.data.size() + model_.status_bytes;
  Bytes packet{1, command, static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(size >> 8)};
  for (int i = 0; i < 4; ++i) packet.push_back(static_cast<std::uint8_t>(reply.value >> 8 * i));
  packet.insert(packet.end(), reply.data.begin(), reply.data.end());
  Bytes status(model_.status_bytes, 0);
  status[0] = reply.error == Error::kNone ? 0 : 1;
  status[1] = static_cast<std::uint8_t>(reply.error);
  packet.insert(packet.end(), status.begin(), status.end());
  for (const std::uint8_t byte : SlipFramer::Frame(packet)) output_.push_back({byte, format_});
}

std::vector<boards::SentByte> RomLoader::TakeOutput() { return std::exchange(output_, {}); }

bool RomLoader::TakeLeave() { return std::exchange(leave_, false); }

std::string RomLoader::Statistics() const {
  return fmt::format("commands={} digests={} deflated={} overruns={}", commands_, digests_, deflated_bytes_, overruns_);
}

}  // namespace motley::espsim
