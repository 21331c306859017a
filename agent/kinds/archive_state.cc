#include "agent/kinds/archive_state.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "agent/isolation/folder_tree.h"
#include "agent/kinds/archive_manifest.h"
#include "agent/kinds/kept_record.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

using Place = ArchiveRecord::Place;

constexpr std::uint64_t kRecordLimitBytes = 1 << 20;
// 200,000 entries of long names.
constexpr std::uint64_t kManifestLimitBytes = std::uint64_t{512} << 20;

std::string RecordPath(const std::string& folder) { return folder + "/record.pb"; }

}  // namespace

Result<ArchiveState> ArchiveState::Load(const std::string& folder) {
  TRY_ASSIGN(auto record, LoadKeptRecord<ArchiveRecord>(RecordPath(folder), kRecordLimitBytes,
                                                        "see that the folder of its component is as it should be"));
  ArchiveState state(folder);
  if (record) state.record_ = *std::move(record);
  return state;
}

Place::State ArchiveState::StateOf(const std::string& path) const {
  for (const auto& place : record_.places()) {
    if (place.path() == path) return place.state();
  }
  return Place::STATE_GONE;
}

bool ArchiveState::HasAny() const {
  return std::any_of(record_.places().begin(), record_.places().end(),
                     [](const auto& place) { return place.state() != Place::STATE_GONE; });
}

Result<bool> ArchiveState::Owns(const std::string& path) const {
  const auto state = StateOf(path);
  if (state != Place::STATE_COMING) return state == Place::STATE_PLACED;
  TRY_ASSIGN(auto manifest, Manifest(record_.archive_digest()));
  if (!manifest) return false;
  TRY_ASSIGN(const auto drift, FindDrift(path, ManifestCheck::kCheap, &*manifest));
  return !drift;
}

Result<void> ArchiveState::Note(const std::string& path, Place::State state, const std::string& archive_digest) {
  auto& places = *record_.mutable_places();
  auto place = std::find_if(places.begin(), places.end(), [&](const auto& one) { return one.path() == path; });
  const bool known = place != places.end() && place->state() == state;
  if (known && (archive_digest.empty() || archive_digest == record_.archive_digest())) return {};
  auto* noted = place != places.end() ? &*place : record_.add_places();
  noted->set_path(path);
  noted->set_state(state);
  if (!archive_digest.empty()) record_.set_archive_digest(archive_digest);
  return Save();
}

Result<std::optional<ArchiveManifest>> ArchiveState::Manifest(const std::string& digest) const {
  const auto path = ManifestPath(digest);
  auto text = ReadFile(path, kManifestLimitBytes);
  if (!text && text.error().code == Code::kNotFound) return std::optional<ArchiveManifest>();
  if (!text) return text.error();
  ArchiveManifest manifest;
  if (manifest.ParseFromString(*text)) return std::optional(std::move(manifest));
  return Error{Code::kCorrupt, path + " is damaged; delete it"};
}

Result<void> ArchiveState::SaveManifest(const std::string& digest, const ArchiveManifest& manifest) const {
  TRY(MakeFolder(folder_));
  return WriteFileAtomically(ManifestPath(digest), manifest.SerializeAsString(), 0600);
}

Result<void> ArchiveState::Tidy() {
  ArchiveRecord kept;
  for (const auto& place : record_.places()) {
    if (place.state() != Place::STATE_GONE) *kept.add_places() = place;
  }
  if (kept.places().empty()) return RemoveTree(folder_);
  kept.set_archive_digest(record_.archive_digest());
  const bool is_new = kept.places_size() != record_.places_size();
  record_ = std::move(kept);
  if (is_new) TRY(Save());
  std::vector<std::string> unneeded;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const auto path = entry.path().string();
    if (path != RecordPath(folder_) && path != ManifestPath(record_.archive_digest())) unneeded.push_back(path);
  }
  for (const auto& path : unneeded) unlink(path.c_str());
  return {};
}

Result<void> ArchiveState::Save() const {
  TRY(MakeFolder(folder_));
  return WriteFileAtomically(RecordPath(folder_), record_.SerializeAsString(), 0600);
}

std::string ArchiveState::ManifestPath(const std::string& digest) const {
  return folder_ + "/" + digest.substr(digest.find(':') + 1) + ".manifest";
}

}  // namespace motley::agent
