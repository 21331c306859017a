#include "tools/smpsim/image_server.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/crypto/digest.h"

namespace motley::smpsim {
namespace {

constexpr std::uint16_t kGroup = 1;
/// Of MCUmgr (mcumgr_err_t).
constexpr SmpRefusal kNotSupported{0, 8}, kInvalidValue{0, 3};
/// Of the group (img_mgmt_err_code_t).
constexpr SmpRefusal kNoImage{kGroup, 3}, kNoFreeSlot{kGroup, 9}, kInvalidOffset{kGroup, 20},
    kInvalidLength{kGroup, 21}, kInvalidHeader{kGroup, 22}, kInvalidMagic{kGroup, 23}, kInvalidHash{kGroup, 24},
    kTooLarge{kGroup, 30}, kOverrun{kGroup, 31}, kTestOfActive{kGroup, 33};

constexpr std::size_t kHeaderBytes = 32;
constexpr std::array<std::uint8_t, 4> kImageMagic{0x3D, 0xB8, 0xF3, 0x96};

template <typename T>
const T* Find(const ImageServer::Request& request, const char* key) {
  const auto found = request.find(key);
  return found == request.end() ? nullptr : std::get_if<T>(&found->second);
}

}  // namespace

std::optional<SmpRefusal> ImageServer::Begin(std::uint8_t command, bool write, const Request& request, Micros now) {
  finished_.reset();
  if (command == kState) return write ? BeginState(request, now) : std::nullopt;
  if (command == kUpload && write) return BeginUpload(request, now);
  if (command == kErase && write) return BeginErase(now);
  return kNotSupported;
}

void ImageServer::Finish(std::uint8_t command, CborWriter& answer) {
  if (command == kUpload) {
    answer.Text("off").Unsigned(answer_offset_);
    if (!finished_ || !checks_ || finished_->sha.empty()) return;
    const auto content = SlotOf(flash_, 1).first(finished_->size);
    const auto sha = Sha256Bytes({reinterpret_cast<const char*>(content.data()), content.size()});
    answer.Text("match").Bool(std::equal(sha.begin(), sha.end(), finished_->sha.begin(), finished_->sha.end()));
  }
  if (command != kState) return;
  answer.Text("images").BeginList();
  for (const int slot : {0, 1}) {
    const auto image = FindImage(SlotOf(flash_, slot));
    if (!image) continue;
    const Flags flags = FlagsOf(slot);
    answer.BeginMap().Text("slot").Unsigned(static_cast<std::uint64_t>(slot)).Text("version").Text(image->version);
    answer.Text("hash").Binary(image->hash).Text("bootable").Bool(true).Text("pending").Bool(flags.pending);
    answer.Text("confirmed").Bool(flags.confirmed).Text("active").Bool(flags.active);
    answer.Text("permanent").Bool(flags.permanent).End();
  }
  answer.End().Text("splitStatus").Unsigned(0);
}

ImageServer::Flags ImageServer::FlagsOf(int slot) const {
  Flags flags{slot == 0, false, false, false};
  const SwapType type = NextSwap(flash_);
  const bool runs_on_trial = type == SwapType::kRevert;
  // What is kept, or comes back by itself.
  flags.confirmed = slot == (runs_on_trial ? 1 : 0);
  flags.pending = slot == 1 && (type == SwapType::kTest || type == SwapType::kPermanent);
  flags.permanent = flags.pending && type == SwapType::kPermanent;
  return flags;
}

std::string ImageServer::StateText() const {
  std::string text;
  for (const int slot : {0, 1}) {
    const auto image = FindImage(SlotOf(flash_, slot));
    const Flags flags = FlagsOf(slot);
    text += fmt::format("{}slot{}={}", text.empty() ? "" : " ", slot, image ? image->version : "none");
    if (flags.active) text += ",active";
    if (flags.confirmed) text += ",confirmed";
    if (flags.pending) text += ",pending";
    if (flags.permanent) text += ",permanent";
  }
  return text;
}

std::optional<SmpRefusal> ImageServer::BeginState(const Request& request, Micros now) {
  const bool* confirm = Find<bool>(request, "confirm");
  const Bytes* hash = Find<Bytes>(request, "hash");
  const bool keep = confirm != nullptr && *confirm;
  int slot = 0;
  if (hash != nullptr) {
    for (slot = 0; slot < 2; ++slot) {
      const auto image = FindImage(SlotOf(flash_, slot));
      if (image && std::equal(hash->begin(), hash->end(), image->hash.begin(), image->hash.end())) break;
    }
    if (slot == 2) return hash->empty() ? kInvalidHash : kNoImage;
  } else if (!keep) {
    return kInvalidHash;
  }
  if (slot == 1) {
    SetPending(keep, now);
    return std::nullopt;
  }
  if (!keep) return kTestOfActive;
  const Trailer trailer = ReadTrailer(SlotOf(flash_, 0));
  if (trailer.magic == Trailer::Magic::kGood && !trailer.image_ok) WriteFlag(0, Trailer::kImageOk, now);
  return std::nullopt;
}

void ImageServer::SetPending(bool permanent, Micros now) {
  const Trailer trailer = ReadTrailer(SlotOf(flash_, 1));
  if (permanent && !trailer.image_ok) WriteFlag(1, Trailer::kImageOk, now);
  if (trailer.magic == Trailer::Magic::kGood) return;
  const std::uint32_t begin = kSlotOffsets[1];
  flash_.BeginProgram(begin + Trailer::kSwapInfo, {static_cast<std::uint8_t>(permanent ? 3 : 2)}, now);
  flash_.BeginProgram(begin + Trailer::kMagic, {Trailer::kMagicBytes.begin(), Trailer::kMagicBytes.end()}, now);
}

void ImageServer::WriteFlag(int slot, std::uint32_t offset, Micros now) {
  flash_.BeginProgram(kSlotOffsets[slot] + offset, {Trailer::kSet}, now);
}

std::optional<SmpRefusal> ImageServer::BeginErase(Micros now) {
  const Flags flags = FlagsOf(1);
  if (flags.confirmed || flags.pending) return kNoFreeSlot;
  upload_.reset();
  for (std::uint32_t sector = 0; sector < kSlotSectors; ++sector) {
    flash_.BeginErase(kSlotOffsets[1] + sector * Flash::kSectorBytes, now);
  }
  return std::nullopt;
}

std::optional<SmpRefusal> ImageServer::OpenUpload(const Request& request, std::uint32_t size,
                                                  std::span<const std::uint8_t> data) {
  const Flags flags = FlagsOf(1);
  if (flags.confirmed || flags.pending) return kNoFreeSlot;
  if (data.size() < kHeaderBytes) return kInvalidHeader;
  if (!std::equal(kImageMagic.begin(), kImageMagic.end(), data.begin())) return kInvalidMagic;
  if (size > kMaxImageBytes) return kTooLarge;
  const Bytes* sha = Find<Bytes>(request, "sha");
  upload_ = Upload{size, sha != nullptr ? *sha : Bytes(), 0, 0};
  ++uploads_;
  return std::nullopt;
}

std::optional<SmpRefusal> ImageServer::BeginUpload(const Request& request, Micros now) {
  if (refusal_) return refusal_;
  const auto* offset = Find<std::uint64_t>(request, "off");
  const Bytes* data = Find<Bytes>(request, "data");
  if (offset == nullptr) return kInvalidOffset;
  if (data == nullptr) return kInvalidValue;
  if (*offset == 0) {
    const auto* size = Find<std::uint64_t>(request, "len");
    if (size == nullptr || *size > kFlashBytes) return kInvalidLength;
    const Bytes* sha = Find<Bytes>(request, "sha");
    if (upload_ && sha != nullptr && *sha == upload_->sha && *size == upload_->size) {
      ++resumes_;
      answer_offset_ = upload_->offset;
      return std::nullopt;
    }
    upload_.reset();
    if (auto refusal = OpenUpload(request, static_cast<std::uint32_t>(*size), *data)) return refusal;
  }
  answer_offset_ = upload_ ? upload_->offset : 0;
  if (!upload_ || *offset != upload_->offset) return std::nullopt;  // says where to go on
  if (upload_->offset + data->size() > upload_->size) return kOverrun;
  if (!data->empty()) {
    EraseUpTo(upload_->offset + static_cast<std::uint32_t>(data->size()), now);
    flash_.BeginProgram(kSlotOffsets[1] + upload_->offset, *data, now);
  }
  upload_->offset += static_cast<std::uint32_t>(data->size());
  answer_offset_ = upload_->offset;
  if (upload_->offset < upload_->size) return std::nullopt;
  // What MCUboot left there once.
  if (ReadTrailer(SlotOf(flash_, 1)).magic != Trailer::Magic::kUnset) {
    flash_.BeginErase(kSlotOffsets[1] + kSlotBytes - Flash::kSectorBytes, now);
  }
  finished_ = upload_;
  upload_.reset();
  return std::nullopt;
}

void ImageServer::EraseUpTo(std::uint32_t end, Micros now) {
  for (; upload_->erased_to < end; upload_->erased_to += Flash::kSectorBytes) {
    flash_.BeginErase(kSlotOffsets[1] + upload_->erased_to, now);
  }
}

}  // namespace motley::smpsim
