#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/loop/loop.h"
#include "controller/daemon/config.h"

namespace motley::controller {

/// A whole controller. Created, started and stopped on the thread that runs the loop.
class Daemon {
 public:
  /// Takes the state folder, loads what is in it, connects to the broker (which may come later) and listens. Then
  /// writes
  /// `<state>/controller.json` with the address, where the command line program finds it.
  /// Errors: kConflict (another controller has the folder, or somebody the port), kDenied (folder, port, token file),
  /// kCorrupt (database, token file), kInvalid (options), kUnavailable.
  static Result<std::unique_ptr<Daemon>> Create(EventLoop& loop, const Config& config);
  virtual ~Daemon() = default;

  virtual std::string url() const = 0;

  /// After the loop's run: answers what is under way, stores and acknowledges what has come, and disconnects. Blocks
  /// for some seconds at most.
  virtual void Stop() = 0;
};

}  // namespace motley::controller
