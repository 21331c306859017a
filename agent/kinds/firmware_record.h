#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/flash/board_type.h"
#include "agent/kinds/kind.h"
#include "agent/kinds/records.pb.h"
#include "common/base/result.h"

namespace motley::agent {

/// The journal of each board's flash, in a folder with a file for each. All changes are durable when they return. Calls
/// for different boards may come from different threads. Errors: those of writing files.
class FirmwareRecords {
 public:
  explicit FirmwareRecords(std::string folder) : folder_(std::move(folder)) {}

  /// Nothing where there is no record, or one that can not be read: then the board counts as unknown.
  std::optional<FirmwareRecord> Load(const std::string& device) const;
  std::vector<FirmwareRecord> All() const;

  /// Before the first byte of a flash; from then on it is not known what the chip holds.
  /// Errors beside the general ones: kConflict (the board is another component's).
  Result<void> MarkWriting(const std::string& device, const BoardType& board, const Instance& instance) const;
  /// After a flash that was verified.
  Result<void> MarkVerified(const std::string& device, const FlashedImage& image) const;
  /// After what is verified has proved itself.
  Result<void> MarkGood(const std::string& device) const;
  /// Forgets all boards of a component, plugged in or not; their ids.
  Result<std::vector<std::string>> DeleteOf(const std::string& key) const;

 private:
  std::string PathOf(const std::string& device) const;
  Result<void> Save(const std::string& device, const FirmwareRecord& record) const;

  std::string folder_;
};

/// The image that `instance` wants on a board of this type.
FlashedImage WantedImage(const Instance& instance, const BoardType& board);

/// What the record alone tells of `instance`; nothing when the board has to be asked.
std::optional<Observed> SeenByRecord(const std::optional<FirmwareRecord>& record, const Instance& instance);

/// The image that is in the chip, where that is certain: it was verified, nothing was written since, and the board says
/// its version now.
std::optional<FlashedImage> KnownContent(const std::optional<FirmwareRecord>& record, const std::string& said_version);

}  // namespace motley::agent
