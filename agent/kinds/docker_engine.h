#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/kinds/docker_engine_json.h"
#include "common/base/result.h"

namespace motley::agent {

/// A blocking client of the Docker Engine API on a Unix socket: Docker itself, or Podman's service. One thread at a
/// time, workers only; keeps its connection alive. Every call ends: there is a bound on the silence between two bytes,
/// on the whole call and on the size of the answer.
///
/// Paths carry no API version: each engine then speaks its own, and what is used here is the same in all of them, while
/// the oldest version that new engines accept keeps rising.
///
/// Errors of all calls: kUnavailable (nobody listens at the socket; the engine failed), kTimeout, kCorrupt (an answer
/// that is none), kNotFound, kConflict, kInvalid and kDenied by the status of the answer, with the engine's own
/// message. Source: Docker Engine API v1.41, Podman 4.3 API "compat" and "libpod".
class DockerEngine {
 public:
  explicit DockerEngine(const std::string& socket);
  ~DockerEngine();
  DockerEngine(DockerEngine&&) noexcept;

  Result<EngineVersion> Version();

  /// Id of an image by its id or reference; nothing if the engine has none.
  Result<std::optional<std::string>> FindImage(const std::string& reference);
  /// Ids of all images that have a name or carry a container.
  Result<std::set<std::string>> ImageIds();
  /// From its registry, to the end of the progress that the engine reports. Blocks for up to 15 minutes.
  Result<void> Pull(const std::string& reference);
  /// What `docker save` wrote, and for Podman also an OCI archive; streamed. The names or ids of what was in it.
  /// Blocks for up to 15 minutes.
  Result<std::vector<std::string>> Load(const std::string& file);
  /// Its names go too. Errors: kConflict (a container uses it, or it has further names).
  Result<void> RemoveImage(const std::string& id);

  /// `body` is the JSON of a create call. The id. Errors: kConflict (the name is taken).
  Result<std::string> Create(const std::string& name, const std::string& body);
  /// By id or name; nothing if there is none. Its size is measured on request only, since that reads all its files.
  enum class Size { kUnknown, kMeasure };
  Result<std::optional<ContainerDetails>> Inspect(const std::string& container, Size size = Size::kUnknown);
  /// All containers that have all of `labels`, running or not.
  Result<std::vector<ContainerSummary>> List(const std::map<std::string, std::string>& labels);
  /// Fine if it runs already.
  Result<void> Start(const std::string& container);
  /// Fine if it does not run. Blocks for its stop timeout, of at most 10 minutes, and until the engine has killed it.
  Result<void> Stop(const std::string& container);
  Result<void> Unpause(const std::string& container);
  Result<void> Rename(const std::string& container, const std::string& name);
  /// Kills it if it runs; its nameless volumes go with it. Fine if it is not there.
  Result<void> Remove(const std::string& container);
  /// `policy` as in a create call: "no", "on-failure", "unless-stopped". Nothing is done where the engine can not
  /// change it (Podman before 5.1), which restarts no stopped container at boot either.
  Result<void> SetRestartPolicy(const std::string& container, const std::string& policy);
  /// Runs the health check of its image now, where the engine does not do so by itself (Podman without systemd); for
  /// Docker it does nothing. Whether it did; Inspect then tells the outcome.
  Result<bool> RunHealthCheck(const std::string& container);
  /// The last lines that its program wrote, oldest first, without what can not be printed.
  Result<std::vector<std::string>> LastLogLines(const std::string& container, std::size_t lines);

 private:
  struct Call;
  struct Answer;
  class Transport;
  Result<Answer> Send(Call call);
  Result<Answer> SendAny(Call call);
  Result<bool> IsPodman();

  std::unique_ptr<Transport> transport_;
  std::optional<EngineVersion> version_;
};

/// "docker 20.10.24" or "podman 4.3.1": what listens at `socket`. Blocks, for at most a few seconds. Errors: as above.
Result<std::string> EngineName(const std::string& socket);

/// The first of the usual sockets that is there: Docker's, then Podman's; empty if none is.
std::string UsualEngineSocket();

/// Whether somebody takes connections at `socket`. Returns at once. Errors: kUnavailable, kDenied,
/// kInvalid (the path is too long for a socket).
Result<void> CheckEngineSocket(const std::string& socket);

}  // namespace motley::agent
