#include "agent/unpack/archive_source.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace motley::agent {
namespace {

constexpr std::size_t kBlockBytes = 65536;
constexpr std::size_t kControlLimitBytes = 65536;
// Of the compressed control.tar within a package.
constexpr std::size_t kControlArchiveLimitBytes = 8 << 20;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

struct FreeArchive {
  void operator()(archive* opened) const { archive_read_free(opened); }
};
using ArchivePointer = std::unique_ptr<archive, FreeArchive>;

std::string Why(archive* opened) {
  const char* text = archive_error_string(opened);
  return text != nullptr ? text : "it can not be read";
}

std::string Text(const char* text) { return text != nullptr ? text : ""; }

ArchiveEntry::Type TypeOf(archive_entry* entry) {
  using Type = ArchiveEntry::Type;
  if (archive_entry_hardlink(entry) != nullptr) return Type::kHardLink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return Type::kFile;
    case AE_IFDIR:
      return Type::kFolder;
    case AE_IFLNK:
      return Type::kLink;
    case AE_IFCHR:
    case AE_IFBLK:
      return Type::kDevice;
    case AE_IFIFO:
      return Type::kPipe;
    default:
      return Type::kOther;
  }
}

ArchiveEntry FromHeader(archive_entry* header) {
  ArchiveEntry entry;
  entry.path = Text(archive_entry_pathname(header));
  entry.type = TypeOf(header);
  entry.mode = archive_entry_perm(header) & 07777;
  entry.size_bytes = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(header), 0));
  // Beyond 64 bits of nanoseconds lies the year 2262: no time of a file.
  const auto seconds = std::clamp<std::int64_t>(archive_entry_mtime(header), 0, INT64_MAX / kNanoseconds - 1);
  entry.modified_ns = seconds * kNanoseconds + archive_entry_mtime_nsec(header);
  if (entry.type == ArchiveEntry::Type::kHardLink) entry.target = Text(archive_entry_hardlink(header));
  if (entry.type == ArchiveEntry::Type::kLink) entry.target = Text(archive_entry_symlink(header));
  return entry;
}

void SupportFilters(archive* opened) {
  archive_read_support_filter_gzip(opened);
  archive_read_support_filter_xz(opened);
  archive_read_support_filter_zstd(opened);
}

/// All that is left of the current entry. Errors: kCorrupt.
Result<std::string> ReadAll(archive* opened, std::size_t limit_bytes) {
  std::string content;
  std::array<char, kBlockBytes> block;
  while (true) {
    const auto size = archive_read_data(opened, block.data(), block.size());
    if (size < 0) return Error{Code::kCorrupt, Why(opened)};
    if (size == 0) return content;
    content.append(block.data(), static_cast<std::size_t>(size));
    if (content.size() > limit_bytes) return Error{Code::kCorrupt, "its control part is too large"};
  }
}

bool NextHeader(archive* opened, archive_entry** header) {
  const int status = archive_read_next_header(opened, header);
  return status == ARCHIVE_OK || status == ARCHIVE_WARN;
}

Result<std::string> ControlOf(const std::string& control_archive) {
  const ArchivePointer opened(archive_read_new());
  archive_read_support_format_tar(opened.get());
  SupportFilters(opened.get());
  archive_entry* header = nullptr;
  if (archive_read_open_memory(opened.get(), control_archive.data(), control_archive.size()) != ARCHIVE_OK) {
    return Error{Code::kCorrupt, Why(opened.get())};
  }
  while (NextHeader(opened.get(), &header)) {
    const auto name = Text(archive_entry_pathname(header));
    if (name == "./control" || name == "control") return ReadAll(opened.get(), kControlLimitBytes);
  }
  return Error{Code::kCorrupt, "it has no control file"};
}

/// Writes the content of the current entry, `size_bytes` in all.
class ContentSender {
 public:
  ContentSender(archive* opened, std::uint64_t size_bytes, FrameWriter& out)
      : opened_(opened), size_bytes_(size_bytes), out_(out) {}

  Result<void> Send() {
    // Not archive_read_data: of a file that is one hole it first returns 0, as at the end, and then the hole.
    while (true) {
      const void* data = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(opened_, &data, &size, &offset);
      if (status == ARCHIVE_EOF) return FillUpTo(size_bytes_);
      if (status != ARCHIVE_OK) return Error{Code::kCorrupt, Why(opened_) + "; pack it anew"};
      if (size == 0) continue;
      const auto begin = static_cast<std::uint64_t>(offset);
      TRY(FillUpTo(std::min(begin, size_bytes_)));
      // A block that begins before where the last one ended is no file that anybody packed.
      if (begin != position_) return Error{Code::kCorrupt, "its blocks overlap; pack it anew"};
      TRY(SendBlock(std::string_view(static_cast<const char*>(data), size)));
    }
  }

 private:
  Result<void> FillUpTo(std::uint64_t end) {
    static constexpr std::array<char, kBlockBytes> kHole{};
    while (position_ < end) {
      const auto size = std::min<std::uint64_t>(end - position_, kHole.size());
      TRY(out_.Content({kHole.data(), size}));
      position_ += size;
    }
    return {};
  }

  Result<void> SendBlock(std::string_view block) {
    position_ += block.size();
    for (; !block.empty(); block.remove_prefix(std::min<std::size_t>(block.size(), kMostPayloadBytes))) {
      TRY(out_.Content(block.substr(0, kMostPayloadBytes)));
    }
    return {};
  }

  archive* const opened_;
  const std::uint64_t size_bytes_;
  FrameWriter& out_;
  std::uint64_t position_ = 0;
};

}  // namespace

Result<void> SendTar(int fd, FrameWriter& out) {
  const ArchivePointer opened(archive_read_new());
  archive_read_support_format_tar(opened.get());
  SupportFilters(opened.get());
  if (archive_read_open_fd(opened.get(), fd, kBlockBytes) != ARCHIVE_OK) {
    return Error{Code::kCorrupt, Why(opened.get()) + "; it is to be .tar, .tar.gz, .tar.xz or .tar.zst"};
  }
  while (true) {
    archive_entry* header = nullptr;
    const int status = archive_read_next_header(opened.get(), &header);
    if (status == ARCHIVE_EOF) return {};
    // A warning is about what is lost of an entry, such as a name in no known character set.
    if (status != ARCHIVE_OK) {
      return Error{Code::kCorrupt, Why(opened.get()) + "; pack it anew as .tar, .tar.gz, .tar.xz or .tar.zst"};
    }
    const auto entry = FromHeader(header);
    TRY(out.Entry(entry));
    if (entry.type == ArchiveEntry::Type::kFile) TRY(ContentSender(opened.get(), entry.size_bytes, out).Send());
  }
}

Result<void> SendDebControl(int fd, FrameWriter& out) {
  const ArchivePointer opened(archive_read_new());
  archive_read_support_format_ar(opened.get());
  archive_entry* header = nullptr;
  if (archive_read_open_fd(opened.get(), fd, kBlockBytes) != ARCHIVE_OK) {
    return Error{Code::kCorrupt, Why(opened.get())};
  }
  bool is_package = false;
  while (NextHeader(opened.get(), &header)) {
    const auto name = Text(archive_entry_pathname(header));
    is_package |= name == "debian-binary";
    if (!is_package || !name.starts_with("control.tar")) continue;
    TRY_ASSIGN(const auto control_archive, ReadAll(opened.get(), kControlArchiveLimitBytes));
    TRY_ASSIGN(const auto control, ControlOf(control_archive));
    TRY(out.Entry({.path = "control", .type = ArchiveEntry::Type::kFile, .size_bytes = control.size()}));
    return out.Content(control);
  }
  return Error{Code::kCorrupt, "it has no control part"};
}

}  // namespace motley::agent
