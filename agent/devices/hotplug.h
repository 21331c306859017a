#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// Tells that serial ports came or went, so that nobody has to look for them all the time. Loop thread only.
class Hotplug {
 public:
  virtual ~Hotplug() = default;

  /// Becomes readable when something came or went. Stays the object's.
  virtual int fd() const = 0;

  /// Takes what has come; whether a serial port was among it.
  virtual bool Take() = 0;

  /// Whether anything will ever come: whoever sends may not be running, or not be here.
  virtual bool Works() const = 0;
};

/// udev's events. `control` is the socket that is there while udev runs: a container has none, and no events.
/// Errors: kUnavailable (no such events on this machine).
Result<std::unique_ptr<Hotplug>> CreateUdevHotplug(const std::string& control = "/run/udev/control");

}  // namespace motley::agent
