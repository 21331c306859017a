#include "agent/kinds/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "agent/kinds/file_owner.h"
#include "agent/kinds/kept_record.h"
#include "agent/kinds/new_file.h"
#include "agent/kinds/observed.h"
#include "agent/kinds/records.pb.h"
#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPart = "files";
constexpr std::uint64_t kRecordLimitBytes = 65536;
constexpr unsigned kDefaultMode = 0644;
constexpr unsigned kModeBits = 07777;

unsigned ModeOf(const v1::FileSpec& spec) { return spec.mode() != 0 ? spec.mode() : kDefaultMode; }

std::string DigestOf(const v1::FileSpec& spec) {
  return spec.has_artifact() ? spec.artifact().digest() : Sha256(spec.content());
}

std::string OctalText(unsigned mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", mode);
  return text;
}

// The files of a component's record, from the name that they share.
std::string RecordPath(const std::string& base) { return base + ".pb"; }
std::string OriginalPath(const std::string& base) { return base + ".original"; }

Result<std::optional<FileRecord>> LoadRecord(const std::string& path) {
  return LoadKeptRecord<FileRecord>(path, kRecordLimitBytes, "see that the file of its component is as it should be");
}

Result<void> SaveRecord(const std::string& base, const FileRecord& record) {
  TRY(MakeFolder(fs::path(base).parent_path().string()));
  return WriteFileAtomically(RecordPath(base), record.SerializeAsString(), 0600);
}

Result<void> RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  return SystemError("remove " + path, errno);
}

// What is at a path; unset for nothing. Errors: kConflict for anything but a plain file.
Result<std::optional<struct stat>> LookAtFile(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<struct stat>();
    return SystemError("look at " + path, errno);
  }
  if (S_ISREG(found.st_mode)) return std::optional(found);
  const char* what = S_ISDIR(found.st_mode) ? "a folder" : S_ISLNK(found.st_mode) ? "a symbolic link" : "a device";
  return Error{Code::kConflict, path + " is " + what +
                                    ", and only plain files are replaced; take it away, or choose "
                                    "another path"};
}

bool IsInside(const fs::path& path, const fs::path& folder) {
  const auto [folder_end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return folder_end == folder.end();
}

Result<void> CheckPath(const KindSetup& setup, const std::string& path) {
  const fs::path given(path);
  if (!given.is_absolute() || path != given.lexically_normal().string() || !given.has_filename() ||
      path.size() > 4096 || path.find('\0') != std::string::npos) {
    return Error{Code::kInvalid,
                 "path \"" + path + "\" is not absolute and plain; write it from \"/\", without \"..\" and \"//\""};
  }
  // Links on the way count too; a folder that does not exist yet can hold none.
  std::error_code ignored;
  const auto real = fs::weakly_canonical(given.parent_path(), ignored) / given.filename();
  const auto state = fs::weakly_canonical(setup.state_folder, ignored);
  if (!IsInside(given, setup.state_folder) && !IsInside(real, state)) return {};
  return Error{Code::kInvalid,
               "path \"" + path + "\" is inside the agent's own folder " + setup.state_folder + "; choose another"};
}

// Errors: kConflict if a record of another component has `path`.
Result<void> CheckNobodyElse(const KindSetup& setup, const std::string& base, const std::string& path) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(setup.state_folder + "/" + std::string(kPart), error)) {
    const auto name = entry.path().string();
    if (!name.ends_with(".pb") || name == RecordPath(base)) continue;
    TRY_ASSIGN(const auto record, LoadRecord(name));
    if (!record || record->path() != path) continue;
    return Error{Code::kConflict, path + " is the file of component \"" + entry.path().stem().string() +
                                      "\" of application \"" + entry.path().parent_path().filename().string() +
                                      "\"; choose another path"};
  }
  return {};
}

// Keeps what is at the path, so that it can be put back, and writes down that it is ours from now on. A power failure
// before the record leaves the path untouched, so that all of this is done again.
Result<FileRecord> TakePath(const std::string& base, const Instance& instance, const FileOwner& owner) {
  const auto& path = instance.component.file().path();
  FileRecord record;
  record.set_digest(instance.digest);
  record.set_path(path);
  owner.Note(record);
  TRY_ASSIGN(const auto found, LookAtFile(path));
  if (found) {
    record.mutable_original()->set_mode(found->st_mode & kModeBits);
    record.mutable_original()->set_user(found->st_uid);
    record.mutable_original()->set_group(found->st_gid);
    TRY(MakeFolder(fs::path(base).parent_path().string()));
    TRY_ASSIGN(auto copy, NewFile::Create(OriginalPath(base)));
    TRY(copy.AppendFile(path, ""));
    TRY(copy.Commit(0600));
  }
  auto saved = SaveRecord(base, record);
  if (saved) return record;
  TRY(RemoveFile(OriginalPath(base)));
  return saved.error();
}

Result<void> RenewRecord(const std::string& base, const Instance& instance, const FileOwner& owner,
                         FileRecord& record) {
  const std::string before = record.SerializeAsString();
  record.set_digest(instance.digest);
  owner.Note(record);
  return record.SerializeAsString() == before ? Result<void>() : SaveRecord(base, record);
}

// Puts `original` where `path` is. By renaming where that can be, since that works on a full disk too.
Result<void> PutBack(const std::string& original, const std::string& path, const OriginalFile& was) {
  TRY(MakeFolder(fs::path(path).parent_path().string()));
  if (chown(original.c_str(), was.user(), was.group()) != 0) return SystemError("set the owner of " + original, errno);
  if (chmod(original.c_str(), was.mode()) != 0) return SystemError("set the mode of " + original, errno);
  auto renamed = RenameDurably(original, path);
  struct stat left {};
  if (renamed || lstat(original.c_str(), &left) != 0) return renamed;
  // Another file system.
  TRY_ASSIGN(auto file, NewFile::Create(path));
  TRY(file.AppendFile(original, ""));
  TRY(file.SetOwner(was.user(), was.group()));
  return file.Commit(was.mode());
}

bool IsUntouched(const std::string& original, const std::string& path, const OriginalFile& was) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return false;
  if ((found.st_mode & kModeBits) != was.mode() || found.st_uid != was.user() || found.st_gid != was.group()) {
    return false;
  }
  const auto now = Sha256File(path);
  const auto before = Sha256File(original);
  return now && before && *now == *before;
}

// Puts back what was there before and forgets the path.
Result<void> GiveBack(const std::string& base, const FileRecord& record) {
  TRY_ASSIGN(const auto found, LookAtFile(record.path()));
  const auto original = OriginalPath(base);
  if (!record.has_original()) {
    if (found) TRY(RemoveFile(record.path()));
  } else if (access(original.c_str(), F_OK) == 0 && !IsUntouched(original, record.path(), record.original())) {
    // An original that is not there any more was put back before a power failure.
    TRY(PutBack(original, record.path(), record.original()));
  }
  TRY(RemoveFile(RecordPath(base)));
  return RemoveFile(original);
}

Result<void> WriteContent(const KindSetup& setup, const v1::FileSpec& spec, const FileOwner& owner) {
  TRY_ASSIGN(auto file, NewFile::Create(spec.path()));
  if (spec.has_artifact()) {
    TRY(file.AppendFile(setup.artifact(spec.artifact().digest()), spec.artifact().digest()));
  } else {
    TRY(file.Append(spec.content()));
  }
  // Before the mode, of which it takes bits away. -1 leaves it as it is.
  if (owner.user || owner.group) TRY(file.SetOwner(owner.user.value_or(-1), owner.group.value_or(-1)));
  return file.Commit(ModeOf(spec));
}

Result<void> ApplyFile(const KindSetup& setup, const Instance& instance) {
  const auto& spec = instance.component.file();
  TRY_ASSIGN(const auto base, ComponentFolder(setup, kPart, instance));
  TRY(CheckPath(setup, spec.path()));
  TRY(LookAtFile(spec.path()));
  TRY(CheckNobodyElse(setup, base, spec.path()));
  TRY_ASSIGN(const FileOwner owner, FileOwner::Of(spec));
  TRY_ASSIGN(auto record, LoadRecord(RecordPath(base)));
  if (record && record->path() != spec.path()) {
    TRY(GiveBack(base, *record));
    record.reset();
  }
  TRY(MakeFolder(fs::path(spec.path()).parent_path().string()));
  if (!record) {
    TRY_ASSIGN(record, TakePath(base, instance, owner));
  } else {
    TRY(RenewRecord(base, instance, owner.Or(FileOwner::In(*record)), *record));
  }
  TRY(WriteContent(setup, spec, owner));
  // Only now it is no longer with whom an earlier version gave it to.
  return RenewRecord(base, instance, owner, *record);
}

Result<void> RemoveInstance(const KindSetup& setup, const Instance& instance) {
  TRY_ASSIGN(const auto base, ComponentFolder(setup, kPart, instance));
  TRY_ASSIGN(const auto record, LoadRecord(RecordPath(base)));
  if (!record) return {};
  return GiveBack(base, *record);
}

Result<Observed> LookAtInstance(const KindSetup& setup, const Instance& instance) {
  const auto& spec = instance.component.file();
  TRY_ASSIGN(const auto base, ComponentFolder(setup, kPart, instance));
  TRY_ASSIGN(const auto record, LoadRecord(RecordPath(base)));
  Observed observed;
  observed.detail = spec.path() + " was not put there";
  if (!record) return observed;
  observed.match = Observed::Match::kDiffers;
  observed.detail = record->path() + " is another version's";
  if (record->path() != spec.path()) return observed;
  struct stat found {};
  observed.detail = spec.path() + " is gone";
  if (lstat(spec.path().c_str(), &found) != 0) return observed;
  observed.detail = spec.path() + " is no plain file any more";
  if (!S_ISREG(found.st_mode)) return observed;
  const unsigned mode = found.st_mode & kModeBits;
  observed.detail = spec.path() + " has mode " + OctalText(mode) + ", not " + OctalText(ModeOf(spec));
  if (mode != ModeOf(spec)) return observed;
  TRY_ASSIGN(const FileOwner owner, FileOwner::Of(spec));
  const std::string fault = OwnerFault(found, spec, owner, FileOwner::In(*record));
  observed.detail = spec.path() + " " + fault;
  if (!fault.empty()) return observed;
  TRY_ASSIGN(const auto digest, Sha256File(spec.path()));
  observed.detail = spec.path() + " has other content";
  if (digest != DigestOf(spec)) return observed;
  observed.match = Observed::Match::kMatches;
  observed.state = v1::ReportedComponent::STATE_RUNNING;
  observed.detail = spec.path() + " is in place";
  return observed;
}

std::string Doing(const Instance& instance) { return "file \"" + instance.component.name() + "\""; }

}  // namespace

FileKind::FileKind(Loop& loop, KindSetup setup) : setup_(std::move(setup)), worker_(loop, "file") {}

Result<void> FileKind::Check(const Instance& instance) {
  const auto& spec = instance.component.file();
  TRY(ComponentFolder(setup_, kPart, instance));
  TRY(CheckPath(setup_, spec.path()).While(Doing(instance)));
  if (spec.mode() > kModeBits) {
    return Error{Code::kInvalid, Doing(instance) + ": mode " + OctalText(spec.mode()) + " is above 07777"};
  }
  if (!spec.has_artifact()) return {};
  const auto path = setup_.artifact(spec.artifact().digest());
  if (access(path.c_str(), R_OK) == 0) return {};
  return SystemError(Doing(instance) + ": open its artifact " + path, errno);
}

void FileKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  worker_.Run([setup = setup_, instance] { return UnknownUnlessSeen(LookAtInstance(setup, instance)); },
              std::move(done));
}

void FileKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  worker_.Run([setup = setup_, instance] { return ApplyFile(setup, instance).While(Doing(instance)); },
              std::move(done));
}

void FileKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  Observe(instance, [instance, done](const Observed& observed) { done(ConfirmSeen(observed, Doing(instance))); });
}

void FileKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  worker_.Run([setup = setup_, instance] { return RemoveInstance(setup, instance).While(Doing(instance)); },
              std::move(done));
}

}  // namespace motley::agent
