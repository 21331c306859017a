#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/kinds/kind.h"
#include "agent/kinds/ssh_client.h"
#include "agent/supervise/client.h"

namespace motley::agent {

/// What is on an ssh host where a component should be.
struct RemoteLook {
  /// Milliseconds since the host's boot: what the times of the status count in.
  std::int64_t now_ms = 0;
  bool has_folder = false;
  /// Empty if there is none.
  std::map<std::string, std::string> record;
  Supervision supervision;
  /// At the path of a file: "", "link", "other", or "file" with the following.
  std::string file;
  unsigned file_mode = 0;
  /// Numbers of its user and its group.
  std::string file_user;
  std::string file_group;
  std::string file_sha256;
  /// The executable of the process is where it was put.
  bool has_program = false;
  /// The last lines that the program started last has written.
  std::vector<std::string> log;

  std::string Recorded(const std::string& field) const;
};

/// Reads what the remote function `look` says about `count` components. Errors: kCorrupt.
Result<std::vector<RemoteLook>> ParseLooks(std::string_view text, std::size_t count);

/// The components of a gateway on one of its ssh hosts. Calls block: workers only. All errors beside those of
/// SshClient::Run: kConflict, kCorrupt, kDenied and kUnavailable, as the host says. Every call can be cut off and made
/// again.
class RemoteHost {
 public:
  RemoteHost(SshClient client, v1::Host host, std::string gateway, ArtifactPath artifact);

  /// Looks at instances of this host, in one round trip.
  Result<std::vector<RemoteLook>> Look(const std::vector<Instance>& instances) const;

  /// Replaces what runs. Blocks while the old program ends.
  Result<void> ApplyProcess(const Instance& instance) const;
  Result<void> RemoveProcess(const Instance& instance) const;
  Result<void> ApplyFile(const Instance& instance) const;
  Result<void> RemoveFile(const Instance& instance) const;

  /// Begin a run, which goes on by itself; `run` is its name, random.
  Result<void> BeginScript(const Instance& instance, const std::string& run) const;
  Result<void> BeginUndo(const Instance& instance, const RemoteLook& look, const std::string& run) const;
  /// The run of the record has ended well.
  Result<void> NoteApplied(const Instance& instance, const RemoteLook& look) const;
  /// Ends what runs of the component.
  Result<void> Stop(const Instance& instance) const;
  /// Deletes all that is there of a component that runs no more.
  Result<void> Forget(const Instance& instance) const;

  /// Deletes what was only kept to undo a transaction.
  Result<void> Commit() const;

 private:
  Result<std::string> Do(const std::string& calls, std::chrono::milliseconds deadline, const std::string& input = "",
                         const std::string& input_file = "") const;
  Result<void> Send(const v1::ArtifactRef& artifact) const;

  const SshClient client_;
  const v1::Host host_;
  const std::string gateway_;
  const ArtifactPath artifact_;
};

}  // namespace motley::agent
