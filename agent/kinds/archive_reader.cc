#include "agent/kinds/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::size_t kBlockBytes = 65536;
constexpr std::size_t kControlLimitBytes = 65536;
// Of the compressed control.tar within a package.
constexpr std::size_t kControlArchiveLimitBytes = 8 << 20;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

/// libarchive turns names into the thread's character set, and an agent usually runs with none.
class Utf8Scope {
 public:
  Utf8Scope() : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = uselocale(utf8_);
  }
  ~Utf8Scope() {
    if (utf8_ == nullptr) return;
    uselocale(before_);
    freelocale(utf8_);
  }
  Utf8Scope(const Utf8Scope&) = delete;
  Utf8Scope& operator=(const Utf8Scope&) = delete;

 private:
  locale_t utf8_;
  locale_t before_ = nullptr;
};

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

}  // namespace

struct ArchiveReader::State {
  std::string path;
  ArchivePointer opened;
  /// Of the current entry: its size, how much of it was read, and the block that comes next, which may leave a hole.
  std::uint64_t size_bytes = 0;
  std::uint64_t position = 0;
  std::string_view block;
  std::uint64_t block_offset = 0;
  bool ended = false;
};

ArchiveReader::ArchiveReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader::~ArchiveReader() = default;

Result<ArchiveReader> ArchiveReader::OpenTar(const std::string& path) {
  if (access(path.c_str(), R_OK) != 0) return SystemError("open " + path, errno);
  auto state = std::make_unique<State>();
  state->path = path;
  state->opened.reset(archive_read_new());
  archive_read_support_format_tar(state->opened.get());
  SupportFilters(state->opened.get());
  const Utf8Scope utf8;
  if (archive_read_open_filename(state->opened.get(), path.c_str(), kBlockBytes) != ARCHIVE_OK) {
    return Error{Code::kCorrupt,
                 path + ": " + Why(state->opened.get()) + "; it is to be .tar, .tar.gz, .tar.xz or .tar.zst"};
  }
  return ArchiveReader(std::move(state));
}

Result<std::optional<ArchiveEntry>> ArchiveReader::Next() {
  const Utf8Scope utf8;
  archive* const opened = state_->opened.get();
  archive_entry* header = nullptr;
  const int status = archive_read_next_header(opened, &header);
  if (status == ARCHIVE_EOF) return std::optional<ArchiveEntry>();
  // A warning is about what is lost of an entry, such as a name in no known character set.
  if (status != ARCHIVE_OK) {
    return Error{Code::kCorrupt, Why(opened) + "; pack it anew as .tar, .tar.gz, .tar.xz or .tar.zst"};
  }
  auto entry = FromHeader(header);
  state_->size_bytes = entry.type == ArchiveEntry::Type::kFile ? entry.size_bytes : 0;
  state_->position = 0;
  state_->block = {};
  state_->ended = false;
  return std::optional(std::move(entry));
}

Result<std::string_view> ArchiveReader::Read() {
  State& state = *state_;
  // Not archive_read_data: of a file that is one hole it first returns 0, as at the end, and then the hole.
  while (state.block.empty() && !state.ended) {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(state.opened.get(), &data, &size, &offset);
    state.ended = status == ARCHIVE_EOF;
    if (status != ARCHIVE_OK && !state.ended) {
      return Error{Code::kCorrupt, Why(state.opened.get()) + "; pack it anew"};
    }
    if (state.ended) break;
    state.block = std::string_view(static_cast<const char*>(data), size);
    state.block_offset = static_cast<std::uint64_t>(offset);
  }
  static constexpr std::array<char, kBlockBytes> kHole{};
  const auto hole_end = state.block.empty() ? state.size_bytes : std::min(state.block_offset, state.size_bytes);
  if (state.position < hole_end) {
    const auto size = std::min<std::uint64_t>(hole_end - state.position, kHole.size());
    state.position += size;
    return std::string_view(kHole.data(), size);
  }
  // A block that begins before where the last one ended is no file that anybody packed.
  if (state.block.empty()) return std::string_view();
  if (state.block_offset != state.position) return Error{Code::kCorrupt, "its blocks overlap; pack it anew"};
  state.position += state.block.size();
  return std::exchange(state.block, std::string_view());
}

Result<std::string> ReadDebControl(const std::string& path) {
  if (access(path.c_str(), R_OK) != 0) return SystemError("open " + path, errno);
  const ArchivePointer opened(archive_read_new());
  archive_read_support_format_ar(opened.get());
  archive_entry* header = nullptr;
  const bool good = archive_read_open_filename(opened.get(), path.c_str(), kBlockBytes) == ARCHIVE_OK;
  const auto no_package = [&path](const std::string& why) {
    return Error{Code::kCorrupt, path + " is no Debian package: " + why};
  };
  if (!good) return no_package(Why(opened.get()));
  bool is_package = false;
  while (NextHeader(opened.get(), &header)) {
    const auto name = Text(archive_entry_pathname(header));
    is_package |= name == "debian-binary";
    if (!is_package || !name.starts_with("control.tar")) continue;
    auto control_archive = ReadAll(opened.get(), kControlArchiveLimitBytes);
    if (!control_archive) return no_package(control_archive.error().message);
    auto control = ControlOf(*control_archive);
    if (!control) return no_package(control.error().message);
    return control;
  }
  return no_package("it has no control part");
}

}  // namespace motley::agent
