#include "agent/kinds/archive.h"

#include <filesystem>
#include <optional>
#include <vector>

#include "agent/isolation/folder_tree.h"
#include "agent/kinds/archive_manifest.h"
#include "agent/kinds/archive_state.h"
#include "agent/kinds/archive_unpack.h"
#include "agent/kinds/observed.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using Place = ArchiveRecord::Place;

constexpr std::string_view kPart = "archives";
// What a deployment may wait for before it begins, for each archive.
constexpr std::chrono::milliseconds kInspectPatience{500};

std::string Doing(const Instance& instance) { return "archive \"" + instance.component.name() + "\""; }

ArchiveRules::Limits LimitsOf(const ArchiveOptions& options, const Instance& instance) {
  auto limits = options.limits;
  const auto& own = instance.component.limits();
  if (own.disk_mb() > 0) limits.bytes = std::min(limits.bytes, own.disk_mb() << 20);
  return limits;
}

/// The folders of all components that have a record.
std::vector<std::string> RecordFolders(const KindSetup& setup) {
  std::vector<std::string> folders;
  std::error_code error;
  const auto part = setup.state_folder + "/" + std::string(kPart);
  for (const auto& application : fs::directory_iterator(part, error)) {
    for (const auto& component : fs::directory_iterator(application.path(), error)) {
      folders.push_back(component.path().string());
    }
  }
  return folders;
}

/// Errors: kConflict if another component has a folder that is `path`, in it or above it.
Result<void> CheckNobodyElse(const KindSetup& setup, const std::string& own_folder, const std::string& path) {
  for (const auto& folder : RecordFolders(setup)) {
    if (folder == own_folder) continue;
    TRY_ASSIGN(const auto state, ArchiveState::Load(folder));
    for (const auto& place : state.record().places()) {
      if (place.state() == Place::STATE_GONE || !Overlap(place.path(), path)) continue;
      return Error{Code::kConflict, path + " overlaps " + place.path() + ", the folder of component \"" +
                                        fs::path(folder).filename().string() + "\" of application \"" +
                                        fs::path(folder).parent_path().filename().string() + "\"; choose another path"};
    }
  }
  return {};
}

/// What an Apply works on.
struct Work {
  const KindSetup& setup;
  const ArchiveOptions& options;
  const Instance& instance;
  ArchivePlace place;
  ArchiveState state;

  const std::string& digest() const { return instance.component.archive().archive().digest(); }

  /// Whether `folder` is what the archive holds; false when it was never unpacked.
  Result<bool> Matches(const std::string& folder, ManifestCheck check) const {
    if (!IsThere(folder)) return false;
    TRY_ASSIGN(auto manifest, state.Manifest(digest()));
    if (!manifest) return false;
    TRY_ASSIGN(const auto drift, FindDrift(folder, check, &*manifest));
    return !drift;
  }
};

/// Takes what is the component's away from a place, and keeps it there until Commit.
Result<void> Leave(ArchiveState& state, const Place& place) {
  if (place.state() == Place::STATE_GONE) return {};
  TRY_ASSIGN(const bool ours, state.Owns(place.path()));
  if (ours) TRY(TakeOut(ArchivePlace(place.path())));
  return state.Note(place.path(), Place::STATE_GONE, "");
}

/// A folder of an earlier version elsewhere is taken away, and kept until Commit.
Result<void> LeaveOtherPlaces(Work& work) {
  const auto places = work.state.record().places();
  for (const auto& place : places) {
    if (place.path() != work.place.path) TRY(Leave(work.state, place));
  }
  return {};
}

/// Puts the archive under the name of `fresh`, durably, with its manifest; the path itself is untouched.
Result<void> Unpack(Work& work) {
  TRY(RemoveTree(work.place.fresh));
  const auto archive = work.setup.artifact(work.digest());
  // The catalogue's bytes were checked when they came; since then a disk may have gone bad.
  TRY_ASSIGN(const auto found, Sha256File(archive));
  if (found != work.digest()) {
    return Error{Code::kCorrupt, archive + " has the digest " + found + ", not " + work.digest() + "; fetch it again"};
  }
  TRY(MakeFolder(fs::path(work.place.path).parent_path().string()));
  auto manifest = UnpackArchive(work.setup.unpack, archive, work.place.fresh, LimitsOf(work.options, work.instance),
                                work.options.reserve_bytes);
  auto saved = manifest ? work.state.SaveManifest(work.digest(), *manifest) : Result<void>(manifest.error());
  if (saved) return {};
  TRY(RemoveTree(work.place.fresh));
  return saved;
}

/// The name under which the right content lies already, if it does: kept from before, or unpacked before a power
/// failure.
Result<std::optional<std::string>> FindReady(const Work& work) {
  for (const auto& candidate : {work.place.old, work.place.fresh}) {
    TRY_ASSIGN(const bool good, work.Matches(candidate, ManifestCheck::kDeep));
    if (good) return std::optional(candidate);
  }
  return std::optional<std::string>();
}

Result<void> NotePlaced(Work& work) { return work.state.Note(work.place.path, Place::STATE_PLACED, work.digest()); }

/// Errors: kConflict if what is at the path is not the component's.
Result<void> Claim(Work& work) {
  const auto& path = work.place.path;
  if (!IsThere(path)) return {};
  TRY_ASSIGN(const bool ours, work.state.Owns(path));
  if (ours) return work.state.Note(path, Place::STATE_PLACED, "");
  return Error{Code::kConflict, path + " is there and is not this component's; move it away, or choose another path"};
}

Result<void> ApplyArchive(const KindSetup& setup, const ArchiveOptions& options, const Instance& instance) {
  const auto& path = instance.component.archive().path();
  TRY(CheckArchivePath(path, setup.state_folder));
  TRY_ASSIGN(const auto folder, ComponentFolder(setup, kPart, instance));
  TRY(CheckNobodyElse(setup, folder, path));
  TRY_ASSIGN(auto state, ArchiveState::Load(folder));
  Work work{setup, options, instance, ArchivePlace(path), std::move(state)};
  TRY(Claim(work));
  TRY(LeaveOtherPlaces(work));
  TRY_ASSIGN(const bool in_place, work.Matches(path, ManifestCheck::kCheap));
  if (in_place) return NotePlaced(work);
  TRY_ASSIGN(auto ready, FindReady(work));
  if (!ready) {
    TRY(Unpack(work));
    ready = work.place.fresh;
  }
  // Known before the path is touched.
  if (!IsThere(path)) TRY(work.state.Note(path, Place::STATE_COMING, work.digest()));
  TRY(SwapIn(work.place, *ready, options.swap));
  TRY(NotePlaced(work));
  // What was only an attempt of the same transaction.
  return RemoveTree(work.place.fresh);
}

Result<void> RemoveArchive(const KindSetup& setup, const Instance& instance) {
  TRY_ASSIGN(const auto folder, ComponentFolder(setup, kPart, instance));
  TRY_ASSIGN(auto state, ArchiveState::Load(folder));
  const auto places = state.record().places();
  for (const auto& place : places) TRY(Leave(state, place));
  return {};
}

Result<void> CommitFolder(const std::string& folder) {
  TRY_ASSIGN(auto state, ArchiveState::Load(folder));
  for (const auto& place : state.record().places()) {
    const ArchivePlace names(place.path());
    TRY(RemoveTree(names.fresh));
    TRY(RemoveTree(names.old));
  }
  return state.Tidy();
}

Result<void> CommitAll(const KindSetup& setup) {
  Result<void> first;
  for (const auto& folder : RecordFolders(setup)) {
    auto committed = CommitFolder(folder);
    if (first && !committed) first = std::move(committed);
  }
  return first;
}

Result<Observed> LookAtArchive(const KindSetup& setup, const Instance& instance) {
  const auto& spec = instance.component.archive();
  TRY_ASSIGN(const auto folder, ComponentFolder(setup, kPart, instance));
  TRY_ASSIGN(auto state, ArchiveState::Load(folder));
  Observed observed;
  observed.detail = spec.path() + " was not put there";
  if (!state.HasAny()) return observed;
  observed.match = Observed::Match::kDiffers;
  observed.detail = "another version is in place";
  if (state.StateOf(spec.path()) == Place::STATE_GONE) return observed;
  TRY_ASSIGN(auto manifest, state.Manifest(spec.archive().digest()));
  if (!manifest) return observed;
  observed.detail = spec.path() + " is gone";
  if (!IsThere(spec.path())) return observed;
  const auto before = manifest->SerializeAsString();
  TRY_ASSIGN(const auto drift, FindDrift(spec.path(), ManifestCheck::kCheap, &*manifest));
  observed.detail = "in " + spec.path() + ": " + drift.value_or("");
  if (drift && state.record().archive_digest() != spec.archive().digest()) {
    observed.detail = "another version is in place";
  }
  if (drift) return observed;
  // What was only touched need not be read again the next time.
  if (manifest->SerializeAsString() != before) TRY(state.SaveManifest(spec.archive().digest(), *manifest));
  observed.detail = spec.path() + " was cut off while it was put there";
  if (state.StateOf(spec.path()) == Place::STATE_COMING) return observed;
  // A power failure may have come between the swap and its note.
  TRY(state.Note(spec.path(), Place::STATE_PLACED, spec.archive().digest()));
  observed.match = Observed::Match::kMatches;
  observed.state = v1::ReportedComponent::STATE_RUNNING;
  observed.detail = spec.path() + " is in place";
  return observed;
}

}  // namespace

ArchiveKind::ArchiveKind(Loop& loop, KindSetup setup, ArchiveOptions options)
    : setup_(std::move(setup)), options_(options), worker_(loop, "archive") {}

ArchiveKind::~ArchiveKind() = default;

Result<void> ArchiveKind::Check(const Instance& instance) {
  const auto& spec = instance.component.archive();
  TRY(ComponentFolder(setup_, kPart, instance));
  if (instance.host.host_case() != v1::Host::HOST_NOT_SET) {
    return Error{Code::kInvalid, Doing(instance) + ": archives are unpacked on the gateway itself, not on host \"" +
                                     instance.host.name() + "\"; leave its host out"};
  }
  TRY(CheckArchivePath(spec.path(), setup_.state_folder).While(Doing(instance)));
  if (!spec.has_archive()) return Error{Code::kInvalid, Doing(instance) + ": it names no archive; give it one"};
  return {};
}

void ArchiveKind::Inspect(const Instance& instance, std::function<void(Result<void>)> done) {
  worker_.Run(
      [setup = setup_, options = options_, instance] {
        const auto& archive = instance.component.archive().archive();
        return ScanArchive(setup.unpack, setup.artifact(archive.digest()), LimitsOf(options, instance),
                           kInspectPatience)
            .While(Doing(instance) + ": \"" + archive.name() + "\"");
      },
      std::move(done));
}

void ArchiveKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  worker_.Run([setup = setup_, instance] { return UnknownUnlessSeen(LookAtArchive(setup, instance)); },
              std::move(done));
}

void ArchiveKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  worker_.Run([setup = setup_, options = options_,
               instance] { return ApplyArchive(setup, options, instance).While(Doing(instance)); },
              std::move(done));
}

void ArchiveKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  Observe(instance, [instance, done](const Observed& observed) { done(ConfirmSeen(observed, Doing(instance))); });
}

void ArchiveKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  worker_.Run([setup = setup_, instance] { return RemoveArchive(setup, instance).While(Doing(instance)); },
              std::move(done));
}

void ArchiveKind::Commit() {
  worker_.Run([setup = setup_] { return CommitAll(setup); },
              [](const Result<void>& committed) {
                if (!committed) LogWarning("a replaced folder leaves something behind: {}", committed.error().message);
              });
}

}  // namespace motley::agent
