#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

/// Which engine, and its version without what a distribution adds: "20.10.24".
struct EngineVersion {
  enum class Type { kDocker, kPodman };
  Type type = Type::kDocker;
  std::string number;

  std::string Name() const { return (type == Type::kDocker ? "docker " : "podman ") + number; }
};

struct ContainerSummary {
  std::string id;
  /// Without the slash in front.
  std::string name;
  std::string image_id;
  std::map<std::string, std::string> labels;
};

/// What the health check of the image says.
struct ContainerHealth {
  enum class Status { kStarting, kHealthy, kUnhealthy };
  Status status = Status::kStarting;
  /// Of the last check; may be empty.
  std::string output;
  /// The time after its start until which an engine must have found it unhealthy if it is.
  std::chrono::milliseconds verdict_after{0};
  /// Between two checks.
  std::chrono::milliseconds interval{0};
};

struct ContainerDetails {
  enum class Status { kCreated, kRunning, kPaused, kRestarting, kStopping, kEnded, kBroken };
  std::string id;
  std::string name;
  std::string image_id;
  std::map<std::string, std::string> labels;
  Status status = Status::kCreated;
  bool oom_killed = false;
  int exit_code = 0;
  /// Why the engine could not start it; empty if it could.
  std::string error;
  std::uint32_t pid = 0;
  /// When it was started last, as the engine writes it: another text is another run.
  std::string started_at;
  std::optional<std::chrono::system_clock::time_point> started;
  std::uint32_t restarts = 0;
  /// 0: no limit.
  std::uint64_t memory_bytes = 0;
  /// Of what it wrote over its image; unset unless asked for.
  std::optional<std::uint64_t> size_bytes;
  /// Unset if its image has no health check.
  std::optional<ContainerHealth> health;
};

/// What follows turns the JSON of engines into values, strictly: what is used must be there, of the right type.
/// Any thread. Errors: kCorrupt (what is wrong with the answer).
///
/// All differences between Docker and Podman in what they answer are met here:
/// - Podman has a state of health without a status where there is no check, and never says who was out of memory.
/// - It has states of its own: configured, initialized, stopping, stopped.
/// - It reports the failure of a pull in the progress with status 200, and names that are taken with status 500.
/// - It lists several loaded images in one line, divided by commas.
Result<EngineVersion> ParseVersion(std::string_view json);
Result<std::string> ParseId(std::string_view json);
Result<std::set<std::string>> ParseImageIds(std::string_view json);
Result<ContainerDetails> ParseContainer(std::string_view json);
Result<std::vector<ContainerSummary>> ParseContainers(std::string_view json);

/// The error that an answer with an error status means.
Error ErrorOfAnswer(int status, std::string_view body);

/// Reads a progress: JSON objects, one a line, in pieces as they come.
class ProgressReader {
 public:
  /// Errors: kUnavailable (an entry that says that it failed, with its message), kCorrupt.
  Result<void> Add(std::string_view piece);
  Result<void> Finish();
  /// Names or ids of the images that were loaded.
  const std::vector<std::string>& loaded() const { return loaded_; }

 private:
  Result<void> Line(std::string_view line);
  std::string rest_;
  std::vector<std::string> loaded_;
};

/// The lines in what the logs call answers: frames with an 8-byte head, or plain text where the container has a
/// terminal. Control characters and broken UTF-8 become '?', long lines are cut.
std::vector<std::string> ParseLogLines(std::string_view body);

/// The query that asks for the containers with all of `labels`: the JSON of "filters".
std::string LabelFilter(const std::map<std::string, std::string>& labels);

/// The JSON that sets the restart policy in an update call.
std::string RestartPolicyUpdate(const std::string& policy);

/// A reference of an image without its tag, and the tag: "latest" if it has none, empty if it has a digest.
struct ImageName {
  std::string name;
  std::string tag;
};
ImageName SplitReference(const std::string& reference);

}  // namespace motley::agent
