#include "agent/flash/elf_image.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/flash/little_endian.h"

namespace motley::agent {
namespace {

constexpr std::size_t kHeaderBytes = 52;
constexpr std::size_t kSegmentHeaderBytes = 32;
constexpr std::size_t kSectionHeaderBytes = 40;
// Linkers make a few. Each is looked for in all sections.
constexpr std::size_t kMaxSegments = 128;
constexpr std::uint16_t kExecutable = 2;   // ET_EXEC
constexpr std::uint32_t kLoaded = 1;       // PT_LOAD
constexpr std::uint32_t kNoBits = 8;       // SHT_NOBITS
constexpr std::uint32_t kAllocated = 0x2;  // SHF_ALLOC
constexpr std::uint32_t kAvrData = 0x800000;

/// By e_machine.
ChipFamily FamilyOf(std::uint16_t machine) {
  switch (machine) {
    case 83:
      return ChipFamily::kAvr;
    case 40:
      return ChipFamily::kArm;
    case 94:
      return ChipFamily::kXtensa;
    case 243:
      return ChipFamily::kRiscV;
    default:
      return ChipFamily::kUnknown;
  }
}

/// A part of the file, [from, to).
struct Extent {
  std::uint64_t from;
  std::uint64_t to;
};

class ElfReader {
 public:
  explicit ElfReader(std::string_view content) : content_(content) {}

  Result<Image> Read() {
    TRY(Header());
    TRY(Sections());
    TRY_ASSIGN(const std::string_view table, Table("program headers", Word(content_, 28), HalfWord(content_, 44),
                                                   HalfWord(content_, 42), kSegmentHeaderBytes));
    if (table.size() > kMaxSegments * kSegmentHeaderBytes) {
      return Broken(fmt::format("it has more than {} segments", kMaxSegments));
    }
    for (std::size_t at = 0; at < table.size(); at += kSegmentHeaderBytes) {
      TRY(Segment(at / kSegmentHeaderBytes, table.substr(at, kSegmentHeaderBytes)));
    }
    if (image_.empty()) {
      return Error{Code::kInvalid, "the ELF file has nothing in flash; is it a linked program for a microcontroller?"};
    }
    Image image = image_.Build();
    image.family = family_;
    return image;
  }

 private:
  static Error Broken(const std::string& what) {
    return Error{Code::kCorrupt, fmt::format("ELF file: {}; build or copy the file again", what)};
  }

  Result<void> Header() {
    if (content_.size() < kHeaderBytes) return Broken("it is shorter than its header");
    if (!content_.starts_with("\x7f"
                              "ELF")) {
      return Broken("it does not begin as an ELF file does");
    }
    constexpr char kBits32 = 1, kLittleEndian = 1;
    if (content_[4] != kBits32 || content_[5] != kLittleEndian) {
      return Error{Code::kInvalid,
                   "the ELF file is not 32 bits, little endian: it is for no microcontroller that is known; push what "
                   "the build made for the board"};
    }
    const std::uint16_t machine = HalfWord(content_, 18);
    family_ = FamilyOf(machine);
    if (family_ == ChipFamily::kUnknown) {
      return Error{Code::kInvalid,
                   fmt::format("the ELF file is for machine {}, and only AVR (83), ARM (40), Xtensa "
                               "(94) and RISC-V (243) are known; push what the build made for the board",
                               machine)};
    }
    if (HalfWord(content_, 16) != kExecutable) {
      return Error{Code::kInvalid,
                   "the ELF file is not linked to fixed addresses; push what the linker made, not an "
                   "object file or library"};
    }
    return {};
  }

  /// `count` entries of `entry_bytes` at `offset`, of which the file says that each has `stated_bytes`.
  Result<std::string_view> Table(const char* what, std::uint32_t offset, std::size_t count, std::size_t stated_bytes,
                                 std::size_t entry_bytes) {
    if (count == 0) return std::string_view();
    if (stated_bytes != entry_bytes) {
      return Broken(fmt::format("its {} have {} bytes each instead of {}", what, stated_bytes, entry_bytes));
    }
    if (std::uint64_t{offset} + count * entry_bytes > content_.size()) {
      return Broken(fmt::format("its {} {} at byte {} run past its end", count, what, offset));
    }
    return content_.substr(offset, count * entry_bytes);
  }

  Result<void> Sections() {
    TRY_ASSIGN(const std::string_view table, Table("section headers", Word(content_, 32), HalfWord(content_, 48),
                                                   HalfWord(content_, 46), kSectionHeaderBytes));
    has_sections_ = !table.empty();
    for (std::size_t at = 0; at < table.size(); at += kSectionHeaderBytes) {
      const std::string_view section = table.substr(at, kSectionHeaderBytes);
      const std::uint64_t from = Word(section, 16);
      const std::uint64_t size = Word(section, 20);
      const bool loaded = (Word(section, 8) & kAllocated) != 0 && Word(section, 4) != kNoBits;
      if (!loaded || size == 0) continue;
      if (from + size > content_.size()) {
        return Broken(fmt::format("section {} at byte {} runs past its end", at / kSectionHeaderBytes, from));
      }
      sections_.push_back({from, from + size});
    }
    return {};
  }

  Result<void> Segment(std::size_t index, std::string_view header) {
    if (Word(header, 0) != kLoaded) return {};
    const std::uint64_t from = Word(header, 4);
    const std::uint32_t address = Word(header, 12);
    const std::uint64_t size = Word(header, 16);
    if (from + size > content_.size()) {
      return Broken(fmt::format("segment {} at byte {} runs past its end", index, from));
    }
    if (size > Word(header, 20)) {
      return Broken(fmt::format("segment {} has {} bytes in the file and room for {}", index, size, Word(header, 20)));
    }
    if (family_ == ChipFamily::kAvr && address >= kAvrData) return {};
    if (!has_sections_) return Add(index, address, {from, from + size});
    for (const Extent& section : sections_) {
      const Extent part{std::max(from, section.from), std::min(from + size, section.to)};
      if (part.from < part.to) TRY(Add(index, address + part.from - from, part));
    }
    return {};
  }

  Result<void> Add(std::size_t index, std::uint64_t address, Extent part) {
    const std::string_view bytes = content_.substr(part.from, part.to - part.from);
    auto added = image_.Add(address, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    if (added || added.error().code != Code::kCorrupt) return added;
    return Broken(fmt::format("segment {}: {}", index, added.error().message));
  }

  const std::string_view content_;
  ChipFamily family_ = ChipFamily::kUnknown;
  bool has_sections_ = false;
  std::vector<Extent> sections_;
  ImageBuilder image_;
};

}  // namespace

Result<Image> ParseElf(std::string_view content) { return ElfReader(content).Read(); }

}  // namespace motley::agent
