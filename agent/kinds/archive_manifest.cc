#include "agent/kinds/archive_manifest.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <string_view>
#include <vector>

#include "agent/supervise/log_reader.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using Entry = ArchiveManifest::Entry;

constexpr std::size_t kNamed = 3;
constexpr unsigned kModeBits = 07777;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

/// Collects what differs, and names the first few.
class Drift {
 public:
  void Add(const std::string& name, const std::string& what) {
    if (++count_ > kNamed) return;
    text_ +=
        (text_.empty() ? "" : ", ") + (name.empty() ? std::string("the folder itself") : ToUtf8(name)) + " " + what;
  }
  std::optional<std::string> Sentence() const {
    if (count_ == 0) return std::nullopt;
    return count_ <= kNamed ? text_ : text_ + ", and " + std::to_string(count_ - kNamed) + " more";
  }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

std::string OctalText(unsigned mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", mode);
  return text;
}

const char* TypeName(Entry::Type type) {
  return type == Entry::TYPE_FOLDER ? "folder" : type == Entry::TYPE_LINK ? "link" : "file";
}

/// Empty if `found` is what `wanted` says, as far as can be told without reading it; its time aside.
std::string Difference(const Entry& wanted, const Entry& found) {
  if (found.type() != wanted.type()) return std::string("is no ") + TypeName(wanted.type()) + " any more";
  if (found.user() != wanted.user() || found.group() != wanted.group()) {
    return "belongs to " + std::to_string(found.user()) + ":" + std::to_string(found.group()) + ", not " +
           std::to_string(wanted.user()) + ":" + std::to_string(wanted.group());
  }
  if (found.mode() != wanted.mode()) {
    return "has mode " + OctalText(found.mode()) + ", not " + OctalText(wanted.mode());
  }
  if (found.size_bytes() != wanted.size_bytes()) return "was edited";
  if (found.target() != wanted.target()) return "leads elsewhere";
  return "";
}

/// Compares one thing that the manifest has with what is there; notes a new time of the same content.
Result<void> Compare(const std::string& path, ManifestCheck check, Entry* wanted, Drift* drift) {
  auto found = ManifestEntry(path, wanted->path(), "");
  if (!found && found.error().code == Code::kInvalid) {
    drift->Add(wanted->path(), std::string("is no ") + TypeName(wanted->type()) + " any more");
    return {};
  }
  if (!found && found.error().code == Code::kNotFound) {
    drift->Add(wanted->path(), "is gone");
    return {};
  }
  if (!found) return found.error();
  const auto difference = Difference(*wanted, *found);
  if (!difference.empty()) {
    drift->Add(wanted->path(), difference);
    return {};
  }
  const bool same_time = found->modified_ns() == wanted->modified_ns();
  if (wanted->type() != Entry::TYPE_FILE || (same_time && check == ManifestCheck::kCheap)) return {};
  TRY_ASSIGN(const auto digest, Sha256File(path));
  if (digest != wanted->digest()) {
    drift->Add(wanted->path(), "was edited");
  } else {
    wanted->set_modified_ns(found->modified_ns());
  }
  return {};
}

/// The names of all that is in a folder. Errors: as SystemError.
Result<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  auto entries = fs::recursive_directory_iterator(folder, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    names.push_back(entries->path().string().substr(folder.size() + 1));
  }
  // A folder that goes while it is read is seen as gone in its turn.
  if (error && error != std::errc::no_such_file_or_directory) {
    return SystemError("list " + folder, error.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<Entry> ManifestEntry(const std::string& path, const std::string& name, const std::string& digest) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    if (errno == ENOTDIR) errno = ENOENT;
    return SystemError("look at " + path, errno);
  }
  Entry entry;
  entry.set_path(name);
  entry.set_user(found.st_uid);
  entry.set_group(found.st_gid);
  if (S_ISLNK(found.st_mode)) {
    entry.set_type(Entry::TYPE_LINK);
    std::error_code error;
    entry.set_target(ToUtf8(fs::read_symlink(path, error).string()));
    if (error) return SystemError("read the link " + path, error.value());
    return entry;
  }
  if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) {
    return Error{Code::kInvalid, path + " is neither file, folder nor link"};
  }
  entry.set_type(S_ISDIR(found.st_mode) ? Entry::TYPE_FOLDER : Entry::TYPE_FILE);
  entry.set_mode(found.st_mode & kModeBits);
  if (S_ISDIR(found.st_mode)) return entry;
  entry.set_size_bytes(static_cast<std::uint64_t>(found.st_size));
  entry.set_modified_ns(found.st_mtim.tv_sec * kNanoseconds + found.st_mtim.tv_nsec);
  entry.set_digest(digest);
  return entry;
}

Result<std::optional<std::string>> FindDrift(const std::string& folder, ManifestCheck check,
                                             ArchiveManifest* manifest) {
  Drift drift;
  std::map<std::string_view, const Entry*> known;
  for (auto& wanted : *manifest->mutable_entries()) {
    known.emplace(wanted.path(), &wanted);
    const auto path = wanted.path().empty() ? folder : folder + "/" + wanted.path();
    TRY(Compare(path, check, &wanted, &drift));
    // Nothing else can be said of what is not there.
    if (wanted.path().empty() && drift.Sentence()) return drift.Sentence();
  }
  TRY_ASSIGN(const auto names, NamesIn(folder));
  for (const auto& name : names) {
    if (!known.contains(name)) drift.Add(name, "was added");
  }
  return drift.Sentence();
}

}  // namespace motley::agent
