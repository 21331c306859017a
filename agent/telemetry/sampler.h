#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "motley/v1/telemetry.pb.h"

namespace motley::agent {

/// A component's program that is to be measured.
struct MeasuredProgram {
  /// "component:<application>/<name>".
  std::string source;
  /// 0 when it does not run: then only `restarts` is reported.
  pid_t pid = 0;
  std::uint32_t restarts = 0;
};

/// What one line of /proc/<pid>/stat says.
struct ProcessUse {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  /// Processor time of the process and of its children that have ended, in clock ticks.
  std::uint64_t ticks = 0;
  std::uint64_t resident_pages = 0;
};

/// Reads the text of /proc/<pid>/stat; false if it is none. The name in it may hold blanks and brackets.
bool ParseProcessUse(std::string_view stat, ProcessUse* use);

/// Measures the gateway, the agent and its components from /proc. Starts no process, and keeps its buffers. Not for
/// more than one thread at a time; takes about 10 microseconds for each process of the machine when there are
/// components.
///
/// Processor use is the mean since the sample before, so the first has none; 100 is one whole processor for the agent
/// and components, and all processors for the gateway.
class Sampler {
 public:
  /// `root` stands in front of /proc, empty for the machine's own. `state_folder` is on the disk that is measured.
  Sampler(std::string root, std::string state_folder);

  /// The samples of "gateway" (cpu_percent, memory_used_bytes, memory_total_bytes, disk_used_bytes, disk_total_bytes,
  /// load_1m, uptime_seconds), of "agent" (cpu_percent, memory_bytes: its proportional share, PSS) and of each
  /// component (cpu_percent, memory_bytes: the resident pages, RSS, of its program with all descendants and the whole
  /// process group, which counts shared pages for each; restarts). What can not be read is left out.
  ///
  /// `time_us` is when, since 1970 UTC; `now_ms` is a clock that never jumps.
  std::vector<v1::Sample> Measure(std::int64_t time_us, std::int64_t now_ms,
                                  const std::vector<MeasuredProgram>& programs);

 private:
  struct Before {
    std::string source;
    pid_t pid = 0;
    std::uint64_t ticks = 0;
  };
  struct Writer;

  void MeasureGateway(Writer& writer);
  void MeasureAgent(Writer& writer, std::int64_t elapsed_ms);
  void MeasurePrograms(Writer& writer, std::int64_t elapsed_ms, const std::vector<MeasuredProgram>& programs);
  /// Fills `processes_`, by process id.
  void ReadProcesses();
  /// Which of `programs` a process belongs to, -1 for none.
  int OwnerOf(const ProcessUse& process, const std::vector<MeasuredProgram>& programs) const;
  const ProcessUse* Find(pid_t pid) const;
  /// The content of <root>/proc/<name>, valid until the next call; empty if it can not be read.
  std::string_view Read(std::string_view name);

  const std::string proc_;
  const std::string state_folder_;
  const std::int64_t ticks_per_second_;
  const std::int64_t page_bytes_;
  std::int64_t measured_ms_ = 0;
  std::uint64_t busy_ticks_ = 0;
  std::uint64_t all_ticks_ = 0;
  std::uint64_t agent_ticks_ = 0;
  std::vector<Before> before_;
  std::vector<ProcessUse> processes_;
  std::string path_;
  std::string text_;
};

}  // namespace motley::agent
