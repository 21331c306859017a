#include "tools/smpsim/smp_server.h"

#include <fmt/format.h>

#include <sstream>
#include <utility>

namespace motley::smpsim {
namespace {

constexpr std::uint16_t kOsGroup = 0, kImageGroup = 1;
constexpr std::uint8_t kEcho = 0, kReset = 5, kParameters = 6;
constexpr std::uint8_t kWrite = 2;
constexpr SmpRefusal kNotSupported{0, 8}, kInvalidValue{0, 3};
/// CONFIG_UART_MCUMGR_RX_BUF_SIZE.
constexpr std::size_t kLineBytes = 128;
/// CONFIG_MCUMGR_GRP_OS_RESET_MS.
constexpr Micros kResetDelay{250'000};

/// What a code of the image group is to a client of the protocol's first version: one of MCUmgr's own.
std::uint16_t FirstVersionCode(const SmpRefusal& refusal) {
  constexpr std::uint16_t kUnknown = 1, kNoMemory = 2, kInvalid = 3, kNoEntry = 5, kBadState = 6;
  if (refusal.group == 0) return refusal.code;
  switch (refusal.code) {
    case 3:
    case 8:
      return kNoEntry;
    case 9:
    case 30:
      return kNoMemory;
    case 28:
    case 33:
      return kBadState;
    default:
      return refusal.code >= 14 && refusal.code <= 32 ? kInvalid : kUnknown;
  }
}

}  // namespace

void SmpServer::Start() {
  images_.Start();
  line_.clear();
  reader_ = {};
  waiting_.clear();
  served_.reset();
  output_.clear();
  reset_at_.reset();
}

void SmpServer::Receive(std::uint8_t byte, Micros now) {
  if (overruns_ && flash_.IsBusy()) {
    ++lost_bytes_;
    return;
  }
  if (byte == '\n') return TakeLine(now);
  if (line_.size() < kLineBytes) line_.push_back(static_cast<char>(byte));
}

void SmpServer::TakeLine(Micros now) {
  const std::string line = std::exchange(line_, {});
  auto packet = reader_.Add(line, buffer_bytes_);
  if (!packet) return;
  // One buffer is for the answer.
  if (waiting_.size() + (served_ ? 1 : 0) + 1 >= buffers_ && served_) {
    ++lost_requests_;
    return;
  }
  waiting_.push_back(*std::move(packet));
  Serve(now);
}

void SmpServer::Advance(Micros now) { Serve(now); }

void SmpServer::Serve(Micros now) {
  while (!flash_.IsBusy()) {
    if (served_) Answer(*std::exchange(served_, std::nullopt), std::nullopt);
    if (waiting_.empty()) return;
    ++requests_;
    served_ = std::move(waiting_.front());
    waiting_.pop_front();
    if (const auto refusal = Begin(*served_, now)) Answer(*std::exchange(served_, std::nullopt), refusal);
  }
}

std::optional<SmpRefusal> SmpServer::Begin(const SmpPacket& request, Micros now) {
  const auto body = ParseCborMap(request.body);
  if (!body) return kInvalidValue;
  const bool write = request.op == kWrite;
  if (request.group == kImageGroup) return images_.Begin(request.command, write, *body, now);
  if (request.group != kOsGroup) return kNotSupported;
  if (request.command == kEcho) return body->contains("d") ? std::nullopt : std::optional(kInvalidValue);
  if (request.command == kParameters && !write && says_buffers_) return std::nullopt;
  if (request.command != kReset || !write) return kNotSupported;
  reset_at_ = now + kResetDelay;
  return std::nullopt;
}

void SmpServer::Answer(const SmpPacket& request, std::optional<SmpRefusal> refusal) {
  CborWriter body;
  body.BeginMap();
  // Older clients wait for it (CONFIG_MCUMGR_SMP_LEGACY_RC_BEHAVIOUR).
  const bool uploads = request.group == kImageGroup && request.command == ImageServer::kUpload;
  if (!refusal && uploads && protocol_ == 1) body.Text("rc").Unsigned(0);
  if (refusal && request.version > 0 && protocol_ == 2 && refusal->group != 0) {
    body.Text("err").BeginMap().Text("group").Unsigned(refusal->group).Text("rc").Unsigned(refusal->code).End();
  } else if (refusal) {
    body.Text("rc").Unsigned(FirstVersionCode(*refusal));
  } else if (request.group == kImageGroup) {
    images_.Finish(request.command, body);
  } else if (request.command == kParameters) {
    body.Text("buf_size").Unsigned(buffer_bytes_).Text("buf_count").Unsigned(buffers_);
  } else if (request.command == kEcho) {
    const auto echoed = ParseCborMap(request.body);
    const auto* text = std::get_if<std::string>(&echoed->at("d"));
    body.Text("r").Text(text == nullptr ? "" : *text);
  }
  body.End();
  SmpPacket answer = request;
  answer.op = static_cast<std::uint8_t>(request.op + 1);
  if (protocol_ == 1) answer.version = 0;
  answer.body = body.Take();
  output_ += FrameOf(answer);
}

std::string SmpServer::TakeOutput() { return std::exchange(output_, {}); }

std::optional<std::string> SmpServer::Execute(std::string_view command) {
  const std::size_t space = command.find(' ');
  const std::string_view name = command.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : command.substr(space + 1);
  if (name == "buffers") return SetBuffers(argument);
  if (name == "refuse") return SetRefusal(argument);
  if (name == "protocol" && (argument == "1" || argument == "2")) {
    protocol_ = argument == "1" ? 1 : 2;
    return "ok";
  }
  if ((name != "overrun" && name != "check") || (argument != "on" && argument != "off")) return std::nullopt;
  if (name == "overrun") overruns_ = argument == "on";
  if (name == "check") images_.SetChecks(argument == "on");
  return "ok";
}

std::string SmpServer::SetBuffers(std::string_view argument) {
  says_buffers_ = argument != "unknown";
  if (!says_buffers_) return "ok";
  std::istringstream words{std::string(argument)};
  std::size_t size = 0, count = 0;
  if (!(words >> size >> count) || size < 64 || size > 65535 || count < 1 || count > 64) {
    return "error buffers: give a size from 64 to 65535 bytes and a count from 1 to 64, or unknown";
  }
  buffer_bytes_ = size;
  buffers_ = count;
  return "ok";
}

std::string SmpServer::SetRefusal(std::string_view argument) {
  if (argument == "off") {
    images_.SetRefusal(std::nullopt);
    return "ok";
  }
  std::istringstream words{std::string(argument)};
  SmpRefusal refusal{};
  if (!(words >> refusal.group >> refusal.code)) return "error refuse: give a group and a code of it, or off";
  images_.SetRefusal(refusal);
  return "ok";
}

std::string SmpServer::Statistics() const {
  return fmt::format("requests={} lost_requests={} lost_bytes={} dropped_lines={} uploads={} resumes={}", requests_,
                     lost_requests_, lost_bytes_, reader_.dropped(), images_.uploads(), images_.resumes());
}

}  // namespace motley::smpsim
