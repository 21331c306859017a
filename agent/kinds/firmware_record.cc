#include "agent/kinds/firmware_record.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kMaxRecordBytes = 64 * 1024;

std::optional<FirmwareRecord> Read(const std::string& path) {
  const auto bytes = ReadFile(path, kMaxRecordBytes);
  FirmwareRecord record;
  if (!bytes || !record.ParseFromString(*bytes)) return std::nullopt;
  return record;
}

Observed Seen(Observed::Match match, std::string detail) {
  return {.match = match, .state = v1::ReportedComponent::STATE_MISSING, .detail = std::move(detail)};
}

}  // namespace

/// Its file name is the device's id, with what a file name can not hold as %XX.
std::string FirmwareRecords::PathOf(const std::string& device) const {
  std::string path = folder_ + "/";
  for (const char c : device) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
    path += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return path + ".pb";
}

std::optional<FirmwareRecord> FirmwareRecords::Load(const std::string& device) const { return Read(PathOf(device)); }

std::vector<FirmwareRecord> FirmwareRecords::All() const {
  std::vector<FirmwareRecord> records;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    if (auto record = Read(entry.path().string())) records.push_back(*std::move(record));
  }
  return records;
}

Result<void> FirmwareRecords::Save(const std::string& device, const FirmwareRecord& record) const {
  return WriteFileAtomically(PathOf(device), record.SerializeAsString(), 0600);
}

Result<void> FirmwareRecords::MarkWriting(const std::string& device, const BoardType& board,
                                          const Instance& instance) const {
  TRY(MakeFolder(folder_, 0700));
  FirmwareRecord record = Load(device).value_or(FirmwareRecord());
  if (!record.owner().empty() && record.owner() != instance.Key()) {
    return Error{Code::kConflict, "board " + device + " is used by " + record.owner() +
                                      "; remove that first, or give the serial_number of another board"};
  }
  record.set_device(device);
  record.set_board(board.name);
  record.set_owner(instance.Key());
  record.set_image_digest(instance.component.firmware().image().digest());
  record.set_writing(true);
  record.clear_verified();
  return Save(device, record);
}

Result<void> FirmwareRecords::MarkVerified(const std::string& device, const FlashedImage& image) const {
  FirmwareRecord record = Load(device).value_or(FirmwareRecord());
  record.set_writing(false);
  *record.mutable_verified() = image;
  return Save(device, record);
}

Result<void> FirmwareRecords::MarkGood(const std::string& device) const {
  FirmwareRecord record = Load(device).value_or(FirmwareRecord());
  const bool known = record.good().SerializeAsString() == record.verified().SerializeAsString();
  if (known || !record.has_verified()) return {};
  *record.mutable_good() = record.verified();
  return Save(device, record);
}

Result<std::vector<std::string>> FirmwareRecords::DeleteOf(const std::string& key) const {
  std::vector<std::string> devices;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    const std::string path = entry.path().string();
    const auto record = Read(path);
    if (!record || record->owner() != key) continue;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return SystemError("remove " + path, errno);
    devices.push_back(record->device());
  }
  return devices;
}

FlashedImage WantedImage(const Instance& instance, const BoardType& board) {
  const v1::FirmwareSpec& firmware = instance.component.firmware();
  FlashedImage image;
  image.set_digest(firmware.image().digest());
  image.set_name(firmware.image().name());
  image.set_address(firmware.has_address() ? firmware.address() : board.application_begin);
  image.set_version(firmware.version());
  return image;
}

std::optional<Observed> SeenByRecord(const std::optional<FirmwareRecord>& record, const Instance& instance) {
  using Match = Observed::Match;
  if (!record) return Seen(Match::kMissing, "not flashed yet");
  if (record->owner() != instance.Key()) return Seen(Match::kMissing, "the board is used by " + record->owner());
  if (record->writing()) return Seen(Match::kDiffers, "a flash was cut off");
  if (record->image_digest() != instance.component.firmware().image().digest()) {
    return Seen(Match::kDiffers, "another image is on the board");
  }
  return std::nullopt;
}

std::optional<FlashedImage> KnownContent(const std::optional<FirmwareRecord>& record, const std::string& said_version) {
  const bool known = record && !record->writing() && record->has_verified() && !said_version.empty() &&
                     record->verified().version() == said_version;
  return known ? std::optional(record->verified()) : std::nullopt;
}

}  // namespace motley::agent
