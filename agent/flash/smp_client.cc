#include "agent/flash/smp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "agent/flash/smp_message.h"
#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Op = SmpMessage::Op;
using Binary = std::vector<std::uint8_t>;

constexpr std::uint16_t kOsGroup = 0, kImageGroup = 1;
constexpr std::uint8_t kOsReset = 5, kOsParameters = 6;
constexpr std::uint8_t kImageState = 0, kImageUpload = 1;

constexpr int kTries = SmpClient::kTries;
/// A line of 127 bytes takes 11 ms at 115200 baud; the device may be busy with its own work.
constexpr milliseconds kAnswerPatience{1000};
/// The first piece of an upload may have a whole slot erased: 512 KiB at 85 ms for 4 KiB (nRF52840 product
/// specification) are 11 s. Meanwhile it is sent again, in case that it was lost.
constexpr milliseconds kErasePatience{30'000};
constexpr milliseconds kFirstPiecePatience{2000};
/// A device that was asked to reset does so 250 ms later (CONFIG_MCUMGR_GRP_OS_RESET_MS), and until then takes being
/// asked again for the same. It answers at once.
constexpr milliseconds kResetPatience{80};
constexpr int kResetTries = 3;
constexpr milliseconds kSendPatience{2000};
/// Of a device that does not say: the default of Zephyr's CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE is 384, and 256 before.
constexpr std::size_t kUsualBuffer = 256;
constexpr std::int64_t kMinBuffer = 64, kMaxBuffer = 4096;
constexpr std::size_t kMcubootHeaderBytes = 32;
/// So many pieces on their way keep the line busy while the device erases a sector, which is 85 ms or 980 bytes.
constexpr std::int64_t kMaxInFlight = 4;
/// Of each message, besides header and body: its length in front and its checksum behind, which lie in the device's
/// buffer too.
constexpr std::size_t kFrameBytes = 4;

using Reasons = std::map<std::int64_t, const char*>;

/// Of MCUmgr (mcumgr_err_t).
const Reasons& CommonReasons() {
  static const Reasons kReasons{{1, "an unknown error"},
                                {2, "it has no memory, or no free slot, left"},
                                {3, "a value is invalid"},
                                {4, "it took too long"},
                                {5, "there is no such thing"},
                                {6, "its state does not allow that now; reset the board and try again"},
                                {7, "the answer is too large"},
                                {8, "it does not support that"},
                                {9, "the data is corrupt"},
                                {10, "it is busy"},
                                {11, "access is denied; its application decides who may write"}};
  return kReasons;
}

/// Of the image group (img_mgmt_err_code_t), which the second version of the protocol tells apart.
const Reasons& ImageReasons() {
  static const Reasons kReasons{
      {3, "no slot holds that image"},
      {9, "no slot is free: an image waits to be started, or to be kept; reset the board and try again"},
      {11, "its flash can not be read; it may be worn out"},
      {12, "its flash can not be written; it may be worn out"},
      {13, "its flash can not be erased; it may be worn out"},
      {22, "the image is shorter than its header"},
      {23, "this is no MCUboot image: sign it with imgtool"},
      {25, "the image is linked to another address than that of the slot"},
      {27, "it takes no older image than the one that runs"},
      {28, "an image waits to be started already; reset the board and try again"},
      {29, "the image has no vector table: it is for another board"},
      {30, "the image is larger than the slot"},
      {31, "the image is larger than it was announced"},
      {32, "its application does not let images be kept now"},
      {33, "the image runs already"}};
  return kReasons;
}

std::string ReasonOf(std::int64_t group, std::int64_t code) {
  const Reasons& reasons = group == kImageGroup ? ImageReasons() : CommonReasons();
  const std::string number =
      group == kOsGroup ? fmt::format("error {}", code) : fmt::format("error {}:{}", group, code);
  const auto found = group > kImageGroup ? reasons.end() : reasons.find(code);
  return found == reasons.end() ? number : fmt::format("{} ({})", found->second, number);
}

std::optional<std::int64_t> Number(const Json& map, const char* key) {
  const auto found = map.find(key);
  if (found == map.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

bool Flag(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found != map.end() && found->is_boolean() && found->get<bool>();
}

SmpSlot SlotOf(const Json& image) {
  SmpSlot slot;
  slot.slot = static_cast<std::uint32_t>(Number(image, "slot").value_or(0));
  if (const auto found = image.find("version"); found != image.end() && found->is_string()) slot.version = *found;
  if (const auto found = image.find("hash"); found != image.end() && found->is_binary())
    slot.hash = found->get_binary();
  slot.active = Flag(image, "active");
  slot.confirmed = Flag(image, "confirmed");
  slot.pending = Flag(image, "pending");
  return slot;
}

Json Bytes(std::span<const std::uint8_t> bytes) { return Json::binary(Binary(bytes.begin(), bytes.end())); }

}  // namespace

struct SmpClient::State {
  explicit State(SerialPort& serial_port) : port(serial_port) {}

  /// Sends and returns the sequence number.
  Result<std::uint8_t> Send(Op op, std::uint16_t group, std::uint8_t command, const Json& body) {
    const SmpMessage message{op, group, next_sequence++, command, Json::to_cbor(body)};
    TRY(port.Write(EncodeSmp(message), steady_clock::now() + kSendPatience));
    return message.sequence;
  }

  /// The next message, whichever it is. Errors: kTimeout.
  Result<SmpMessage> Receive(Deadline deadline) {
    std::array<std::uint8_t, 512> buffer;
    while (received.empty()) {
      TRY_ASSIGN(const std::size_t got, port.Read(buffer, deadline));
      for (SmpMessage& message : decoder.Add({buffer.data(), got})) received.push_back(std::move(message));
      // An application that talks all the time must not keep us here.
      if (received.empty() && steady_clock::now() > deadline) return NoAnswer();
    }
    SmpMessage message = std::move(received.front());
    received.pop_front();
    return message;
  }

  Error NoAnswer() const {
    return {Code::kTimeout,
            fmt::format("nothing on {} answers to SMP; the application must have MCUmgr on this port, and run: if it "
                        "hangs, reset the board, and if it has none, flash one that has by the board's debugger",
                        port.name())};
  }

  /// Nothing when it is no answer to `sequence`.
  static std::optional<Result<Json>> AnswerIn(const SmpMessage& message, std::uint8_t sequence, const char* what) {
    if (message.sequence != sequence || (message.op != Op::kReadAnswer && message.op != Op::kWriteAnswer)) {
      return std::nullopt;
    }
    Json body = Json::from_cbor(message.body, true, false, Json::cbor_tag_handler_t::ignore);
    if (!body.is_object())
      return Result<Json>(Error{Code::kCorrupt, fmt::format("{}: the answer is no CBOR map", what)});
    std::int64_t code = Number(body, "rc").value_or(0);
    std::int64_t code_group = kOsGroup;
    if (const auto error = body.find("err"); error != body.end() && error->is_object()) {
      code = Number(*error, "rc").value_or(1);
      code_group = Number(*error, "group").value_or(kOsGroup);
    }
    if (code == 0) return Result<Json>(std::move(body));
    return Result<Json>(
        Error{Code::kDenied, fmt::format("{}: the device refuses: {}", what, ReasonOf(code_group, code))});
  }

  /// Errors: as SmpClient.
  Result<Json> Ask(Op op, std::uint16_t group, std::uint8_t command, const Json& body, const char* what,
                   milliseconds patience = kAnswerPatience, int tries = kTries) {
    for (int attempt = 0; attempt < tries; ++attempt) {
      TRY_ASSIGN(const std::uint8_t sequence, Send(op, group, command, body));
      const Deadline deadline = steady_clock::now() + patience;
      while (true) {
        auto message = Receive(deadline);
        if (!message && message.error().code == Code::kTimeout) break;
        if (!message) return std::move(message).error();
        if (auto answer = AnswerIn(*message, sequence, what)) return *std::move(answer);
      }
    }
    return NoAnswer().While(what);
  }

  SerialPort& port;
  SmpDecoder decoder;
  std::deque<SmpMessage> received;
  std::uint8_t next_sequence = 1;
};

/// One upload. The device says in each answer how far it has come, and that counts.
class SmpUpload {
 public:
  SmpUpload(SmpClient::State& state, std::span<const std::uint8_t> image)
      : state_(state),
        image_(image),
        sha256_(Sha256Bytes({reinterpret_cast<const char*>(image.data()), image.size()})) {}

  Result<void> Run(const std::function<void(std::uint32_t)>& progress) {
    TRY(AskBuffer());
    TRY(SendFirst());
    progress(static_cast<std::uint32_t>(acked_));
    for (int stuck = 0; acked_ < image_.size();) {
      const std::size_t before = acked_;
      TRY(Fill());
      TRY(TakeAnswer());
      if (acked_ != before) progress(static_cast<std::uint32_t>(acked_));
      stuck = acked_ > before ? 0 : stuck + 1;
      if (stuck == kTries * static_cast<int>(kMaxInFlight)) return Stays();
    }
    return {};
  }

 private:
  struct Piece {
    std::uint8_t sequence;
    std::size_t end;
  };

  Error Stays() const {
    return {Code::kTimeout,
            fmt::format("upload: the device on {} stays at {} of {} bytes; check its cable and its supply",
                        state_.port.name(), acked_, image_.size())};
  }

  Result<void> AskBuffer() {
    auto answer = state_.Ask(Op::kRead, kOsGroup, kOsParameters, Json::object(), "read the size of its buffers");
    // Older ones do not know the question.
    if (!answer && answer.error().code == Code::kDenied) return {};
    if (!answer) return std::move(answer).error();
    const auto size = Number(*answer, "buf_size").value_or(static_cast<std::int64_t>(kUsualBuffer));
    buffer_ = static_cast<std::size_t>(std::clamp<std::int64_t>(size, kMinBuffer, kMaxBuffer));
    // One is for the answer.
    const auto count = Number(*answer, "buf_count").value_or(1);
    window_ = static_cast<std::size_t>(std::clamp<std::int64_t>(count - 1, 1, kMaxInFlight));
    return {};
  }

  Json PieceAt(std::size_t offset, std::size_t size) const {
    Json body{{"off", offset}, {"data", Bytes(image_.subspan(offset, size))}};
    if (offset == 0) {
      body["len"] = image_.size();
      body["sha"] = Bytes(sha256_);
    }
    return body;
  }

  /// As much as the device's buffer holds.
  Result<std::uint8_t> SendPiece(std::size_t offset) {
    // The size of the data is in one byte where there are none, and else in up to three.
    const std::size_t other = kFrameBytes + kSmpHeaderBytes + Json::to_cbor(PieceAt(offset, 0)).size() + 2;
    // The first piece must hold the image's header.
    const std::size_t room = std::max(buffer_ > other ? buffer_ - other : 0, offset == 0 ? kMcubootHeaderBytes : 1);
    const std::size_t size = std::min(room, image_.size() - offset);
    sent_ = offset + size;
    return state_.Send(Op::kWrite, kImageGroup, kImageUpload, PieceAt(offset, size));
  }

  /// Its answer may be that most is there already. While the device erases a slot it says nothing, so it is not known
  /// whether the piece was lost; sent again, it changes nothing, and any of the answers will do.
  Result<void> SendFirst() {
    std::vector<std::uint8_t> sequences;
    for (int attempt = 0; attempt < kErasePatience / kFirstPiecePatience; ++attempt) {
      TRY_ASSIGN(sequences.emplace_back(), SendPiece(0));
      const Deadline next = steady_clock::now() + kFirstPiecePatience;
      while (true) {
        auto message = state_.Receive(next);
        if (!message && message.error().code == Code::kTimeout) break;
        if (!message) return std::move(message).error();
        for (const std::uint8_t sequence : sequences) {
          auto answer = SmpClient::State::AnswerIn(*message, sequence, "upload");
          if (!answer) continue;
          if (!*answer) return std::move(*answer).error();
          TRY(Advance(sent_, **answer));
          if (acked_ == 0) return Stays();
          sent_ = acked_;
          return {};
        }
      }
    }
    return state_.NoAnswer().While("upload");
  }

  Result<void> Fill() {
    while (in_flight_.size() < window_ && sent_ < image_.size()) {
      TRY_ASSIGN(const std::uint8_t sequence, SendPiece(sent_));
      in_flight_.push_back({sequence, sent_});
    }
    return {};
  }

  Result<void> TakeAnswer() {
    auto message = state_.Receive(steady_clock::now() + kAnswerPatience);
    if (!message && message.error().code == Code::kTimeout) {
      // It may have been too much at once, say while the chip erased.
      window_ = 1;
      GoBack();
      return {};
    }
    if (!message) return std::move(message).error();
    for (std::size_t i = 0; i < in_flight_.size(); ++i) {
      const auto answer = SmpClient::State::AnswerIn(*message, in_flight_[i].sequence, "upload");
      if (!answer) continue;
      if (!*answer) return answer->error();
      const Piece piece = in_flight_[i];
      in_flight_.erase(in_flight_.begin(), in_flight_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return Advance(piece.end, **answer);
    }
    return {};  // late, or another's
  }

  /// `expected` is where the piece ended that was answered.
  Result<void> Advance(std::size_t expected, const Json& answer) {
    const std::int64_t offset = Number(answer, "off").value_or(-1);
    if (offset < 0 || static_cast<std::size_t>(offset) > image_.size()) {
      return Error{Code::kCorrupt, fmt::format("upload: the device on {} says that it has {} of {} bytes",
                                               state_.port.name(), offset, image_.size())};
    }
    acked_ = static_cast<std::size_t>(offset);
    if (acked_ != expected) GoBack();
    const auto match = answer.find("match");
    if (acked_ == image_.size() && match != answer.end() && match->is_boolean() && !match->get<bool>()) {
      return Error{Code::kCorrupt,
                   fmt::format("verify: the device on {} says that the checksum of what it wrote is wrong; its flash "
                               "may be worn out",
                               state_.port.name())};
    }
    return {};
  }

  void GoBack() {
    in_flight_.clear();
    sent_ = acked_;
  }

  SmpClient::State& state_;
  const std::span<const std::uint8_t> image_;
  /// Of all that is sent: tells the device whether it is the upload that was cut off.
  const std::array<std::uint8_t, 32> sha256_;
  std::size_t buffer_ = kUsualBuffer;
  std::size_t window_ = 1;
  std::size_t acked_ = 0;
  std::size_t sent_ = 0;
  std::deque<Piece> in_flight_;
};

SmpClient::SmpClient(SerialPort& port) : state_(std::make_unique<State>(port)) {}

SmpClient::~SmpClient() = default;

Result<std::vector<SmpSlot>> SmpClient::ReadSlots(int tries) {
  TRY_ASSIGN(const Json answer, state_->Ask(Op::kRead, kImageGroup, kImageState, Json::object(), "read the images",
                                            kAnswerPatience, tries));
  const auto images = answer.find("images");
  if (images == answer.end() || !images->is_array()) {
    return Error{Code::kCorrupt, "read the images: the answer has no list of images"};
  }
  std::vector<SmpSlot> slots;
  for (const Json& image : *images) {
    // Further images are of other cores of the chip.
    if (image.is_object() && Number(image, "image").value_or(0) == 0) slots.push_back(SlotOf(image));
  }
  return slots;
}

Result<void> SmpClient::Upload(std::span<const std::uint8_t> image,
                               const std::function<void(std::uint32_t)>& progress) {
  return SmpUpload(*state_, image).Run(progress);
}

Result<void> SmpClient::Test(std::span<const std::uint8_t> hash) {
  const Json body{{"hash", Bytes(hash)}, {"confirm", false}};
  auto answer = state_->Ask(Op::kWrite, kImageGroup, kImageState, body, "have the new image started");
  if (!answer) return std::move(answer).error();
  return {};
}

Result<void> SmpClient::Confirm(std::span<const std::uint8_t> hash) {
  const Json body{{"hash", Bytes(hash)}, {"confirm", true}};
  auto answer = state_->Ask(Op::kWrite, kImageGroup, kImageState, body, "confirm the image");
  if (!answer) return std::move(answer).error();
  return {};
}

Result<void> SmpClient::Reset() {
  auto answer =
      state_->Ask(Op::kWrite, kOsGroup, kOsReset, Json::object(), "reset the board", kResetPatience, kResetTries);
  if (!answer) return std::move(answer).error();
  return {};
}

}  // namespace motley::agent
