#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/kinds/package_record.pb.h"

namespace motley::agent {

/// How dpkg says that a package stands.
struct PackageStanding {
  enum class State {
    kAbsent,
    kConfigFiles,  ///< Only its configuration files are left.
    kInstalled,
    kBroken,  ///< Half-installed, unpacked or half-configured.
  };
  State state = State::kAbsent;
  /// Empty where it is absent.
  std::string version;
  std::string architecture;
  /// dpkg's word: "half-configured".
  std::string word;
};

/// What `dpkg-query -W -f kStandingFormat NAME` says; of several architectures the one that is installed. Pure, as all
/// of these.
PackageStanding ParseStanding(std::string_view output);
inline constexpr const char* kStandingFormat = "${db:Status-Status}|${db:Status-Eflag}|${Version}|${Architecture}\\n";

/// One change that apt-get would make.
struct PackageChange {
  std::string package;
  /// Empty: not installed.
  std::string before;
  /// Empty: removed.
  std::string after;
};
/// What `apt-get -s install ...` says: its "Inst", "Remv" and "Purg" lines.
std::vector<PackageChange> ParseSimulation(std::string_view output);

/// The value of a field of a package's control file. Its first line only.
std::optional<std::string> ControlField(std::string_view control, std::string_view field);

/// "name" or "name:architecture". Source: Debian policy 5.6.1.
bool IsPackageName(std::string_view name);
/// Source: Debian policy 5.6.12.
bool IsPackageVersion(std::string_view version);

/// "NAME_VERSION.deb" with what file names and apt trip over as "%3a".
std::string DebFileName(std::string_view name, std::string_view version);

/// What went wrong, of all that apt-get or dpkg wrote: its errors on one line, at most 500 bytes.
std::string PackageErrorText(std::string_view error_output, std::string_view last_words);

}  // namespace motley::agent
