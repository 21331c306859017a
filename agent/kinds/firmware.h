#pragma once

#include <chrono>
#include <string>

#include "agent/devices/devices.h"
#include "agent/kinds/firmware_record.h"
#include "agent/kinds/kind.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// Programs of microcontrollers on serial ports. Each board has a record in <state>/devices: whose it is, which image
/// was verified in it last, and a mark that is set before a flash begins and taken away when it was verified, so that a
/// flash that was cut off is started over, and one that was not writes only what is new.
class FirmwareKind final : public Kind {
 public:
  /// Reads the records: may block for a few ms.
  FirmwareKind(Loop& loop, Devices& devices, const std::string& state_folder, ArtifactPath artifact);

  /// Errors: kInvalid (no such type of board; the image does not fit it, or is of another version), kCorrupt (a broken
  /// image), kNotFound.
  Result<void> Check(const Instance& instance) override;
  /// The image by the board's record, the version by the board's own word; one that is silent is reset once. One that
  /// starts again and again is seen as unhealthy: another flash of the same would not help it.
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// Waits as long as the component says for a board that is not plugged in.
  /// Errors: kNotFound, kConflict (several boards fit, or another component has the board), those of Devices::Flash.
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// The board must say hello with the right version in time, pass its own test where the component asks for that, and
  /// not start anew during its probation. Then it keeps the image.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// The board keeps its program; the record goes.
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;

 private:
  using Done = std::function<void(Result<void>)>;
  Result<const BoardType*> BoardOf(const Instance& instance) const;
  /// Its hello, after a reset where there is none.
  void AskBoard(const std::string& device, const Instance& instance, std::function<void(Result<Hello>)> done);
  Observed Judge(const std::string& device, const Instance& instance, const Result<Hello>& hello) const;
  void Flash(const std::string& device, const BoardType& board, const Instance& instance, Done done);
  void ConfirmUntil(const Instance& instance, std::chrono::steady_clock::time_point absent_until, Done done);
  void Probation(const std::string& device, const Instance& instance, Done done);
  void Keep(const std::string& device, const Instance& instance, Done done);
  void Tell(const FirmwareRecord& record);

  Loop& loop_;
  Devices& devices_;
  const FirmwareRecords records_;
  const ArtifactPath artifact_;
  /// Syncs records, which takes long on slow flash storage, and reads images.
  Worker worker_;
};

}  // namespace motley::agent
