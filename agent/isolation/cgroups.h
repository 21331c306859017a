#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

/// What a cgroup can limit.
enum class CgroupLimit { kMemory, kCpu, kPids };

/// A mounted cgroup hierarchy.
struct CgroupMount {
  std::string folder;
  enum class Version { kOne, kTwo };
  Version version = Version::kTwo;
  /// Of version 1: its controllers ("memory", ...). Those of version 2 are in its cgroup.controllers.
  std::vector<std::string> controllers;
};

/// The hierarchies in the text of /proc/self/mountinfo.
std::vector<CgroupMount> ParseCgroupMounts(std::string_view mountinfo);

/// The cgroups of an agent's components: one for each, in each hierarchy that has one of its limits, in a folder of the
/// agent's own at the top of the hierarchy. A value; any thread, with one call at a time for each name.
///
/// Sources: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
class Cgroups {
 public:
  /// None: everything is without limits.
  Cgroups() = default;
  /// Those of `mounts` that this process can write. `parent` is the name of the agent's folder in each; other agents on
  /// the machine have another.
  Cgroups(const std::vector<CgroupMount>& mounts, std::string parent);
  /// Those of this machine, for the agent with this state folder.
  static Cgroups OfThisMachine(const std::string& state_folder);

  bool Has(CgroupLimit limit) const { return Find(limit) != nullptr; }

  /// Makes the cgroup `name` for one limit: memory in MB, CPU time in thousandths of one CPU, processes and threads.
  /// The folder to join. Errors: as SystemError.
  Result<std::string> Make(const std::string& name, CgroupLimit limit, std::uint64_t value) const;
  /// Whether `name` has a cgroup for this limit.
  bool Exists(const std::string& name, CgroupLimit limit) const;
  /// The file with the line "oom_kill <number>" of the memory cgroup of `name`.
  std::string OomFile(const std::string& name) const;

  /// Kills what is left in all cgroups of `name`, takes them away, and with the last of them the agent's folders.
  /// Blocks for up to 2 s where something does not die, next to no time where there are none. Errors: kUnavailable.
  Result<void> Remove(const std::string& name) const;

 private:
  struct Hierarchy {
    std::string folder;  // the agent's own in it
    CgroupMount::Version version;
    std::vector<CgroupLimit> limits;
  };
  const Hierarchy* Find(CgroupLimit limit) const;
  static Result<void> MakeWithParent(const Hierarchy& hierarchy, const std::string& folder, const std::string& enable);

  std::vector<Hierarchy> hierarchies_;
};

}  // namespace motley::agent
