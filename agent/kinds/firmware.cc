#include "agent/kinds/firmware.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "agent/flash/catalogue.h"
#include "agent/flash/image.h"
#include "agent/kinds/records.pb.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMaxImageBytes = 64 * 1024 * 1024;
constexpr std::uint64_t kMaxRecordBytes = 64 * 1024;
constexpr std::uint32_t kDefaultHelloMs = 5000;

milliseconds HelloPatience(const Instance& instance) {
  const std::uint32_t given = instance.component.firmware().hello_ms();
  return milliseconds(given == 0 ? kDefaultHelloMs : given);
}

Result<Image> LoadImage(const Instance& instance, const BoardType& board, const ArtifactPath& artifact) {
  const v1::ArtifactRef& ref = instance.component.firmware().image();
  TRY_ASSIGN(const std::string content, ReadFile(artifact(ref.digest()), kMaxImageBytes));
  return ParseImage(ref.name(), content, board.application_begin);
}

/// The record of a board; its file name is the device's id, with what a file name can not hold as %XX.
class RecordFile {
 public:
  RecordFile(const std::string& folder, const std::string& device) : path_(folder + "/") {
    for (const char c : device) {
      const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
      path_ += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    path_ += ".pb";
  }
  explicit RecordFile(std::string path) : path_(std::move(path)) {}

  /// Nothing where there is no record, or one that can not be read: then the board counts as unknown.
  std::optional<FirmwareRecord> Load() const {
    const auto bytes = ReadFile(path_, kMaxRecordBytes);
    FirmwareRecord record;
    if (!bytes || !record.ParseFromString(*bytes)) return std::nullopt;
    return record;
  }
  Result<void> Save(const FirmwareRecord& record) const {
    return WriteFileAtomically(path_, record.SerializeAsString(), 0600);
  }
  Result<void> Delete() const {
    if (unlink(path_.c_str()) != 0 && errno != ENOENT) return SystemError("remove " + path_, errno);
    return {};
  }

 private:
  std::string path_;
};

Observed Seen(Observed::Match match, v1::ReportedComponent::State state, std::string detail) {
  return {.match = match, .state = state, .detail = std::move(detail)};
}

/// What the record alone tells; nothing when the board has to be asked.
std::optional<Observed> SeenByRecord(const std::optional<FirmwareRecord>& record, const Instance& instance) {
  using Match = Observed::Match;
  if (!record) return Seen(Match::kMissing, v1::ReportedComponent::STATE_MISSING, "not flashed yet");
  if (record->owner() != instance.Key()) {
    return Seen(Match::kMissing, v1::ReportedComponent::STATE_MISSING, "the board is used by " + record->owner());
  }
  if (record->writing()) {
    return Seen(Match::kDiffers, v1::ReportedComponent::STATE_MISSING, "a flash was cut off");
  }
  if (record->image_digest() != instance.component.firmware().image().digest()) {
    return Seen(Match::kDiffers, v1::ReportedComponent::STATE_MISSING, "another image is on the board");
  }
  return std::nullopt;
}

// Before a flash, durably. Errors: kConflict (the board is another's), those of writing files.
Result<void> MarkWriting(const std::string& folder, const std::string& device, const Instance& instance) {
  TRY(MakeFolder(folder, 0700));
  const RecordFile file(folder, device);
  FirmwareRecord record = file.Load().value_or(FirmwareRecord());
  if (!record.owner().empty() && record.owner() != instance.Key()) {
    return Error{Code::kConflict, "board " + device + " is used by " + record.owner() +
                                      "; remove that first, or give the serial_number of another board"};
  }
  record.set_owner(instance.Key());
  record.set_image_digest(instance.component.firmware().image().digest());
  record.set_writing(true);
  return file.Save(record);
}

// After a flash that was verified.
Result<void> MarkWritten(const std::string& folder, const std::string& device) {
  const RecordFile file(folder, device);
  FirmwareRecord record = file.Load().value_or(FirmwareRecord());
  record.set_writing(false);
  return file.Save(record);
}

// Whichever board it was, plugged in or not.
Result<void> DeleteRecordsOf(const std::string& folder, const std::string& key) {
  Result<void> result;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const RecordFile file(entry.path().string());
    const auto record = file.Load();
    if (record && record->owner() == key) result = file.Delete();
  }
  return result;
}

}  // namespace

FirmwareKind::FirmwareKind(Loop& loop, Devices& devices, std::string state_folder, ArtifactPath artifact)
    : loop_(loop),
      devices_(devices),
      folder_(std::move(state_folder) + "/devices"),
      artifact_(std::move(artifact)),
      worker_(loop, "firmware") {}

Result<const BoardType*> FirmwareKind::BoardOf(const Instance& instance) const {
  const std::string& name = instance.host.mcu().board();
  if (const BoardType* board = devices_.catalogue().Find(name)) return board;
  return Error{Code::kInvalid, "no type of board \"" + name + "\" is known; known are " + devices_.catalogue().Names()};
}

Result<void> FirmwareKind::Check(const Instance& instance) {
  TRY_ASSIGN(const BoardType* board, BoardOf(instance));
  TRY_ASSIGN(const Image image, LoadImage(instance, *board, artifact_));
  const std::string& name = instance.component.firmware().image().name();
  TRY(CheckFits(image, *board).While(name));
  return CreateFlasher(board->protocol)->Check(image, *board).While(name);
}

void FirmwareKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  using Match = Observed::Match;
  auto device = devices_.Find(instance.host.mcu());
  std::optional<Observed> seen;
  if (!device) {
    seen = Seen(Match::kUnknown, v1::ReportedComponent::STATE_UNKNOWN, device.error().message);
  } else {
    seen = SeenByRecord(RecordFile(folder_, *device).Load(), instance);
  }
  if (seen) {
    loop_.Post([seen = *seen, done] { done(seen); });
    return;
  }
  AskBoard(*device, instance, [this, id = *device, instance, done](const Result<Hello>& hello) {
    const std::string place = "on board " + id + " at " + devices_.PortOf(id);
    if (!hello) {
      const bool gone = hello.error().code == Code::kUnavailable;
      return done(
          Seen(gone ? Match::kUnknown : Match::kDiffers, v1::ReportedComponent::STATE_UNKNOWN, hello.error().message));
    }
    if (hello->version != instance.component.firmware().version()) {
      return done(Seen(Match::kDiffers, v1::ReportedComponent::STATE_MISSING,
                       fmt::format("version {} runs {}", hello->version, place)));
    }
    done(Seen(Match::kMatches, v1::ReportedComponent::STATE_RUNNING,
              fmt::format("{} {} {}", hello->firmware, hello->version, place)));
  });
}

void FirmwareKind::AskBoard(const std::string& device, const Instance& instance,
                            std::function<void(Result<Hello>)> done) {
  const milliseconds patience = HelloPatience(instance);
  devices_.WaitForHello(device, patience, [this, device, patience, done = std::move(done)](const Result<Hello>& hello) {
    if (hello || hello.error().code != Code::kTimeout) return done(hello);
    // A hung application is helped by a reset, which costs less than another flash.
    devices_.Restart(device);
    devices_.WaitForHello(device, patience, done);
  });
}

void FirmwareKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  const auto device = devices_.Find(instance.host.mcu());
  const auto board = BoardOf(instance);
  if (!device || !board) {
    Result<void> failed = device ? board.error() : device.error();
    loop_.Post([failed, done] { done(failed); });
    return;
  }
  auto prepare = [folder = folder_, artifact = artifact_, device = *device, board = *board,
                  instance]() -> Result<Devices::FlashOrder> {
    TRY_ASSIGN(Image image, LoadImage(instance, *board, artifact));
    TRY(MarkWriting(folder, device, instance));
    return Devices::FlashOrder{std::move(image), artifact(instance.component.firmware().image().digest()),
                               std::nullopt};
  };
  // The first byte is sent when the record is on the disk, not before.
  worker_.Run(prepare, [this, device = *device, board = *board, done](Result<Devices::FlashOrder> order) {
    if (!order) return done(std::move(order).error());
    devices_.Flash(device, *board, *std::move(order), [this, device, done](Result<FlashReport> flashed) {
      if (!flashed) return done(std::move(flashed).While("flash board " + device).error());
      worker_.Run([folder = folder_, device] { return MarkWritten(folder, device); }, done);
    });
  });
}

void FirmwareKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  auto device = devices_.Find(instance.host.mcu());
  if (!device) {
    loop_.Post([failed = Result<void>(device.error()), done] { done(failed); });
    return;
  }
  devices_.WaitForHello(
      *device, HelloPatience(instance),
      [id = *device, wanted = instance.component.firmware().version(), done](const Result<Hello>& hello) {
        if (!hello) return done(hello.error());
        if (hello->version == wanted) return done({});
        done(Error{Code::kCorrupt, fmt::format("board {} says that it runs version {}, and {} was flashed", id,
                                               hello->version, wanted)});
      });
}

void FirmwareKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  worker_.Run([folder = folder_, key = instance.Key()] { return DeleteRecordsOf(folder, key); }, std::move(done));
}

}  // namespace motley::agent
