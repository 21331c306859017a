#include "agent/devices/frames.h"

#include <algorithm>
#include <utility>

namespace motley::agent {
namespace {

constexpr std::size_t kCrcBytes = 2;

std::optional<std::vector<std::uint8_t>> DecodeCobs(std::span<const std::uint8_t> coded) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at < coded.size();) {
    const std::size_t run = coded[at++];
    if (run == 0 || at + run - 1 > coded.size()) return std::nullopt;
    bytes.insert(bytes.end(), coded.begin() + static_cast<std::ptrdiff_t>(at),
                 coded.begin() + static_cast<std::ptrdiff_t>(at + run - 1));
    at += run - 1;
    if (run < 255 && at < coded.size()) bytes.push_back(0);
  }
  return bytes;
}

std::uint16_t Crc16(std::span<const std::uint8_t> bytes) {
  std::uint16_t crc = 0xFFFF;
  for (const std::uint8_t byte : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ byte << 8);
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
    }
  }
  return crc;
}

bool IsText(std::uint8_t byte) { return (byte >= 0x20 && byte < 0x7F) || byte == '\t' || byte == '\r' || byte == '\n'; }

/// Whether what follows a zero is a line, so that it need not wait for another zero: the zero was noise, as resets and
/// breaks make it. A frame has neither a hello in plain text, nor text only up to a line feed: behind its first byte is
/// the tag of a field, which is no text, or a line feed for a hello.
bool IsLineByItself(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto end = text.find('\n', 2);
  if (end == text.npos) return false;
  if (ParseHello(text.substr(0, text.rfind('\n')))) return true;
  return text[1] != '\n' && std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end), IsText);
}

}  // namespace

std::optional<v1::DeviceMessage> ParseFrame(std::span<const std::uint8_t> frame) {
  const auto bytes = DecodeCobs(frame);
  if (!bytes || bytes->size() < kCrcBytes) return std::nullopt;
  const std::span<const std::uint8_t> body(bytes->data(), bytes->size() - kCrcBytes);
  const int crc = bytes->end()[-2] << 8 | bytes->end()[-1];
  v1::DeviceMessage message;
  if (Crc16(body) != crc || !message.ParseFromArray(body.data(), static_cast<int>(body.size()))) return std::nullopt;
  return message;
}

void DeviceStream::Add(std::span<const std::uint8_t> bytes, const Sink& sink) {
  while (!bytes.empty()) {
    const auto zero = std::find(bytes.begin(), bytes.end(), std::uint8_t{0});
    auto before = bytes.first(static_cast<std::size_t>(zero - bytes.begin()));
    if (in_frame_) {
      // One more than a frame has: then it is none.
      before = before.first(std::min(before.size(), kMaxFrameBytes + 1 - frame_.size()));
      frame_.insert(frame_.end(), before.begin(), before.end());
      bytes = bytes.subspan(before.size());
      const bool is_line = IsLineByItself(frame_);
      if (is_line || frame_.size() > kMaxFrameBytes) {
        is_line ? lines_.Add(std::exchange(frame_, {}), sink.line) : GiveUp(sink);
        in_frame_ = false;
        continue;
      }
    } else {
      lines_.Add(before, sink.line);
      bytes = bytes.subspan(before.size());
    }
    if (bytes.empty()) return;
    bytes = bytes.subspan(1);  // the zero
    if (in_frame_) {
      EndFrame(sink);
    } else {
      in_frame_ = true;
    }
  }
}

void DeviceStream::EndFrame(const Sink& sink) {
  if (frame_.empty()) return;  // two zeros: the second one begins a frame
  if (const auto message = ParseFrame(frame_)) {
    frame_.clear();
    in_frame_ = false;
    sink.message(*message);
    return;
  }
  GiveUp(sink);
}

void DeviceStream::GiveUp(const Sink& sink) {
  const auto frame = std::exchange(frame_, {});
  if (std::all_of(frame.begin(), frame.end(), IsText)) {
    lines_.Add(frame, sink.line);
  } else {
    ++broken_frames_;
  }
}

void DeviceStream::Clear() {
  lines_.Clear();
  frame_.clear();
  in_frame_ = false;
}

}  // namespace motley::agent
