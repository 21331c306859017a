#include "agent/flash/uf2.h"

#include <fmt/format.h>

#include "agent/flash/little_endian.h"

namespace motley::agent {
namespace {

constexpr std::size_t kBlockBytes = 512;
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kMaxPayload = 476;
/// At the end of the payload's place.
constexpr std::size_t kMd5Bytes = 24;

constexpr std::uint32_t kMagicStart0 = 0x0A324655;
constexpr std::uint32_t kMagicStart1 = 0x9E5D5157;
constexpr std::uint32_t kMagicEnd = 0x0AB16F30;

enum Flags : std::uint32_t {
  kNotMainFlash = 0x0001,
  kFileContainer = 0x1000,
  kFamilyId = 0x2000,
  kMd5 = 0x4000,
};

class Uf2Reader {
 public:
  Result<Image> Read(std::string_view content) {
    if (content.empty() || content.size() % kBlockBytes != 0) {
      return Error{Code::kCorrupt,
                   fmt::format("UF2 file: {} bytes are not whole blocks of 512; copy the file again", content.size())};
    }
    seen_.resize(content.size() / kBlockBytes);
    for (; index_ < seen_.size(); ++index_) TRY(Block(content.substr(index_ * kBlockBytes, kBlockBytes)));
    if (image_.empty()) {
      return Error{Code::kInvalid, "the UF2 file holds no data for a flash; does the build leave the program out?"};
    }
    Image image = image_.Build();
    image.uf2_family = family_;
    return image;
  }

 private:
  Error Broken(std::string_view what) const {
    return Error{Code::kCorrupt, fmt::format("UF2 file, block {} at byte {}: {}; build or copy the file again", index_,
                                             index_ * kBlockBytes, what)};
  }

  Result<void> Block(std::string_view block) {
    if (Word(block, 0) != kMagicStart0 || Word(block, 4) != kMagicStart1 || Word(block, 508) != kMagicEnd) {
      return Broken("the magic numbers of a block are not there");
    }
    const std::uint32_t flags = Word(block, 8);
    if ((flags & kFileContainer) != 0) {
      return Error{Code::kInvalid, "the UF2 file holds files for a file system, not a program; push the program"};
    }
    TRY(Family(flags, Word(block, 28)));
    TRY(Number(Word(block, 20), Word(block, 24)));
    const std::uint32_t address = Word(block, 12);
    const std::uint32_t size = Word(block, 16);
    const std::size_t most = (flags & kMd5) != 0 ? kMaxPayload - kMd5Bytes : kMaxPayload;
    if (size > most) return Broken(fmt::format("{} bytes of payload are more than the {} that fit", size, most));
    if ((flags & kNotMainFlash) != 0) return {};
    if (size == 0 || size % 4 != 0 || address % 4 != 0) {
      return Broken(
          fmt::format("{} bytes for address 0x{:X}: both are multiples of 4, and not 0 bytes", size, address));
    }
    const std::string_view payload = block.substr(kHeaderBytes, size);
    auto added = image_.Add(address, {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
    if (added || added.error().code != Code::kCorrupt) return added;
    return Broken(added.error().message);
  }

  Result<void> Family(std::uint32_t flags, std::uint32_t id) {
    const std::optional<std::uint32_t> family = (flags & kFamilyId) != 0 ? std::optional(id) : std::nullopt;
    if (index_ == 0) family_ = family;
    if (family == family_) return {};
    return Error{Code::kInvalid, fmt::format("the UF2 file holds programs for several families of chips (another one "
                                             "begins at block {}); push the one that is for this board",
                                             index_)};
  }

  Result<void> Number(std::uint32_t number, std::uint32_t count) {
    if (count != seen_.size()) return Broken(fmt::format("it is one of {}, and the file has {}", count, seen_.size()));
    if (number >= count) return Broken(fmt::format("there is no block {} of {}", number, count));
    if (seen_[number]) return Broken(fmt::format("block number {} is there twice", number));
    seen_[number] = true;
    return {};
  }

  ImageBuilder image_;
  std::optional<std::uint32_t> family_;
  /// By block number.
  std::vector<bool> seen_;
  std::size_t index_ = 0;
};

}  // namespace

Result<Image> ParseUf2(std::string_view content) { return Uf2Reader().Read(content); }

}  // namespace motley::agent
