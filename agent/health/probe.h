#pragma once

#include <string>

#include "agent/kinds/kind.h"
#include "agent/kinds/ssh_client.h"
#include "common/base/result.h"

namespace motley::agent {

/// What checks need to know.
struct ProbeSetup {
  ArtifactPath artifact;
  /// For scripts while they run; made when it is needed.
  std::string work_folder;
  SshClient ssh;
};

/// What is checked: a component's health check and where it runs.
struct ProbeTarget {
  std::string key;
  v1::HealthCheck check;
  v1::Host host;
};

/// Does one check, within its timeout. Blocks: workers only.
/// Errors: kUnavailable (it answers, and not as it should; nobody answers), kTimeout, kInvalid and kNotFound (the check
/// itself can not be done).
Result<void> Probe(const ProbeSetup& setup, const ProbeTarget& target);

}  // namespace motley::agent
