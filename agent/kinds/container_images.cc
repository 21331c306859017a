#include "agent/kinds/container_images.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "agent/kinds/container_record.pb.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

// Some 10,000 ids.
constexpr std::uint64_t kMaxRecordBytes = 1 << 20;

/// Nothing where there is no record or one that can not be read: then the image is brought again.
std::optional<ContainerImageRecord> LoadRecord(const std::string& path) {
  const auto bytes = ReadFile(path, kMaxRecordBytes);
  ContainerImageRecord record;
  if (!bytes || !record.ParseFromString(*bytes)) return std::nullopt;
  return record;
}

Result<void> SaveRecord(const std::string& path, const ContainerImageRecord& record) {
  return WriteFileAtomically(path, record.SerializeAsString(), 0600);
}

Result<void> DeleteRecord(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return SystemError("remove " + path, errno);
  return {};
}

/// The image in an archive whose content was `loaded`: the one of the model's name, or the only one.
Result<std::string> PickLoaded(DockerEngine& engine, const std::string& wanted,
                               const std::vector<std::string>& loaded) {
  std::set<std::string> ids;
  std::string names;
  for (const auto& name : loaded) {
    names += (names.empty() ? "" : ", ") + name;
    TRY_ASSIGN(const auto id, engine.FindImage(name));
    if (id) ids.insert(*id);
  }
  if (!wanted.empty()) {
    TRY_ASSIGN(const auto id, engine.FindImage(wanted));
    if (id && ids.contains(*id)) return *id;
  }
  if (ids.size() == 1) return *ids.begin();
  return Error{Code::kInvalid,
               "the archive holds " + (names.empty() ? "no image" : names) +
                   (wanted.empty() ? "; say in `image` which one is meant"
                                   : ", and not \"" + wanted + "\"; set `image` to what it is called there")};
}

Result<std::string> Load(DockerEngine& engine, const v1::ContainerSpec& spec, const std::string& file) {
  auto loaded = engine.Load(file);
  if (loaded) return PickLoaded(engine, spec.image(), *loaded);
  auto failed = std::move(loaded).error();
  const auto version = engine.Version();
  const bool docker = version && version->type == EngineVersion::Type::kDocker;
  // Its message names a temporary file that nobody has heard of.
  if (docker && failed.message.find("manifest.json") != std::string::npos) {
    failed.message += "; Docker before version 25 loads only what `docker save` wrote, no OCI archives";
  }
  return failed;
}

}  // namespace

std::string ContainerImages::RecordPath(const v1::ContainerSpec& spec) const {
  const std::string source = spec.has_archive() ? spec.archive().digest() : spec.image();
  return folder_ + "/" + Sha256(engine_label_ + "\n" + source).substr(sizeof "sha256:" - 1, 32) + ".pb";
}

Result<std::string> ContainerImages::Ensure(DockerEngine& engine, const Instance& instance) const {
  const auto& spec = instance.component.container();
  if (!spec.has_archive()) {
    TRY_ASSIGN(const auto found, engine.FindImage(spec.image()));
    if (found) return *found;
  } else if (const auto record = LoadRecord(RecordPath(spec)); record && !record->image_id().empty()) {
    TRY_ASSIGN(const auto found, engine.FindImage(record->image_id()));
    if (found) return *found;
  }
  return Bring(engine, spec);
}

Result<std::string> ContainerImages::Bring(DockerEngine& engine, const v1::ContainerSpec& spec) const {
  const std::string path = RecordPath(spec);
  auto record = LoadRecord(path).value_or(ContainerImageRecord());
  // One without an id was cut off: what it says of before is still true, what the engine has now may be its own work.
  const bool cut_off = !record.engine().empty() && record.image_id().empty();
  if (!cut_off) {
    TRY_ASSIGN(const auto before, engine.ImageIds());
    record = {};
    record.set_engine(engine_label_);
    record.set_reference(spec.image());
    if (spec.has_archive()) record.set_archive(spec.archive().digest());
    for (const auto& id : before) record.add_images_before(id);
    TRY(MakeFolder(folder_, 0700));
    TRY(SaveRecord(path, record));
  }
  std::string id;
  if (spec.has_archive()) {
    TRY_ASSIGN(
        id,
        Load(engine, spec, artifact_(spec.archive().digest())).While("load image archive " + spec.archive().name()));
  } else {
    const std::string doing = "pull image \"" + spec.image() + "\"";
    TRY(engine.Pull(spec.image()).While(doing));
    TRY_ASSIGN(const auto found, engine.FindImage(spec.image()));
    if (!found) return Error{Code::kNotFound, doing + ": the engine says that it did, and has no such image"};
    id = *found;
  }
  const auto& before = record.images_before();
  record.set_ours(std::find(before.begin(), before.end(), id) == before.end());
  record.set_image_id(id);
  record.clear_images_before();
  TRY(SaveRecord(path, record));
  return id;
}

Result<void> ContainerImages::RemoveUnused(DockerEngine& engine) const {
  std::set<std::string> used;
  TRY_ASSIGN(const auto containers, engine.List({}));
  for (const auto& container : containers) used.insert(container.image_id);
  Result<void> result;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string path = entry.path().string();
    const auto record = LoadRecord(path);
    if (!record || record->engine() != engine_label_ || used.contains(record->image_id())) continue;
    Result<void> removed;
    if (record->ours() && !record->image_id().empty()) removed = engine.RemoveImage(record->image_id());
    // Somebody gave it another name since: it is his now.
    if (!removed && removed.error().code != Code::kConflict) {
      result = std::move(removed).While("remove image " + record->reference());
      continue;
    }
    if (auto deleted = DeleteRecord(path); !deleted) result = std::move(deleted);
  }
  return result;
}

}  // namespace motley::agent
