#pragma once

#include <cstdint>
#include <string>

#include "common/release/release.h"
#include "tools/motley/local_artifacts.h"
#include "tools/motley/session.h"

namespace motley::cli {

/// A release file that was read, with its local artifacts digested.
struct LoadedRelease {
  v1::Release release;
  LocalFiles local;
};

/// Reads the release file and the artifacts that it names, relative to it. Asks the controller only for the templates
/// and variants that it names.
///
/// Errors: those of FetchLibrary and ParseReleaseFile; for a missing artifact one that begins with "FILE:LINE: ".
Result<LoadedRelease> LoadRelease(Session& session, const std::string& path);

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
