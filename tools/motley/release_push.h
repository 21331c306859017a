#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/release/release.h"
#include "tools/motley/session.h"

namespace motley::cli {

/// A release file that was read, with its local artifacts digested.
struct LoadedRelease {
  v1::Release release;
  /// Digests to the paths of the local artifacts.
  std::map<std::string, std::string> paths;
};

/// Reads the release file and the artifacts that it names, relative to it. Needs no controller.
///
/// Errors: those of ParseReleaseFile; for a missing artifact one that begins with "FILE:LINE: ".
Result<LoadedRelease> LoadRelease(const std::string& path);

struct PushOptions {
  std::string file;
  bool approve = false;
  /// 0: do not wait.
  std::int64_t wait_seconds = 0;
};

/// Uploads what the catalogue lacks, adds the release, proposes a plan and, where asked for, approves and enacts it and
/// waits for the gateways. Errors: those of LoadRelease, ControllerApi and WaitForPlan.
Result<void> PushRelease(Session& session, const PushOptions& options);

}  // namespace motley::cli
