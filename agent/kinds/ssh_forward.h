#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/kinds/ssh_client.h"

namespace motley::agent {

/// What ssh gets of the environment: nothing of the agent's but the PATH.
std::vector<std::string> SshEnvironment();

/// Starts a connection that forwards `remote_socket`, and waits until it stands. `folder` is the host's, prepared.
/// Errors: as SshClient::Forward.
Result<std::unique_ptr<SshForward>> StartForward(const v1::Host& host, const std::string& folder,
                                                 const std::string& remote_socket, std::chrono::milliseconds deadline);

}  // namespace motley::agent
