#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/exec/command.h"
#include "agent/kinds/package_text.h"
#include "common/base/result.h"

namespace motley::agent {

struct PackageOptions {
  /// Where packages are installed to, with apt's and dpkg's own folders in it. Empty: the gateway itself.
  std::string root;
  /// Further arguments of apt-get: "-o", "Acquire::Retries=3".
  std::vector<std::string> apt;
  /// Of one run of apt-get or dpkg, downloads included.
  std::chrono::milliseconds deadline{10 * 60'000};
  /// While somebody else holds apt's or dpkg's locks.
  std::chrono::milliseconds lock_wait{2 * 60'000};
};

/// What apt-get is asked for in one run.
struct PackageTargets {
  /// As apt-get takes them: "name", "name=version", "/path/to.deb", "name-" to remove.
  std::vector<std::string> arguments;
  enum class Removal { kPurge, kKeepConfigFiles };
  Removal removal = Removal::kPurge;
  /// Also what is there in this version already.
  bool reinstall = false;
};

/// apt-get and dpkg of the gateway, which never ask and never wait for ever. A value; blocks: workers only.
/// Errors of all: kNotFound (no apt-get here; the sources have no such package or version), kTimeout, kUnavailable
/// (locked; what apt-get says).
class PackageTools {
 public:
  /// `unpack` is the path of motley-unpack.
  PackageTools(PackageOptions options, std::string unpack) : options_(std::move(options)), unpack_(std::move(unpack)) {}

  Result<PackageStanding> Look(const std::string& package) const;
  /// What Install would change. Changes nothing.
  Result<std::vector<PackageChange>> Simulate(const PackageTargets& targets) const;
  Result<void> Install(const PackageTargets& targets) const;
  /// Fetches the lists of the sources anew.
  Result<void> Update() const;
  /// Goes on with what a power failure cut off. What can not be configured stays as it is.
  Result<void> Repair() const;
  /// Puts the file of a package into `folder`, which is there; apt-get chooses its name.
  Result<void> Download(const std::string& package, const std::string& version, const std::string& folder) const;
  /// The control file of a package file. Errors: as ReadDebControl.
  Result<std::string> ControlOf(const std::string& path) const;
  /// Where apt-get keeps the files that it has downloaded.
  std::string CacheFolder() const { return options_.root + "/var/cache/apt/archives"; }

 private:
  std::vector<std::string> AptGet() const;
  std::vector<std::string> InstallArguments(const PackageTargets& targets) const;
  Result<CommandEnd> RunUnlocked(std::vector<std::string> arguments, const std::string& folder) const;
  Result<std::string> RunGood(std::vector<std::string> arguments, const std::string& folder) const;

  PackageOptions options_;
  std::string unpack_;
};

}  // namespace motley::agent
