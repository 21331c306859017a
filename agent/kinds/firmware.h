#pragma once

#include <string>

#include "agent/devices/devices.h"
#include "agent/kinds/kind.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// Programs of microcontrollers on serial ports. Each board has a record in <state>/devices: the image that was last
/// written and verified, whose it is, and a mark that is set before a flash begins and taken away when it was verified,
/// so that a flash that was cut off is started over.
class FirmwareKind final : public Kind {
 public:
  FirmwareKind(Loop& loop, Devices& devices, std::string state_folder, ArtifactPath artifact);

  /// Errors: kInvalid (no such type of board; the image does not fit it), kCorrupt (a broken image), kNotFound.
  Result<void> Check(const Instance& instance) override;
  /// The image by the board's record, the version by the board's own word; one that is silent is reset once.
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// Errors: kNotFound, kConflict (several boards fit, or another component has the board), those of Devices::Flash.
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// The board must say hello with the right version in time.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// The board keeps its program; the record goes.
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;

 private:
  Result<const BoardType*> BoardOf(const Instance& instance) const;
  /// Its hello, after a reset where there is none.
  void AskBoard(const std::string& device, const Instance& instance, std::function<void(Result<Hello>)> done);

  Loop& loop_;
  Devices& devices_;
  const std::string folder_;
  const ArtifactPath artifact_;
  /// Syncs records, which takes long on slow flash storage.
  Worker worker_;
};

}  // namespace motley::agent
