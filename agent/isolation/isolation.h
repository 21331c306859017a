#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/isolation/account.h"
#include "agent/isolation/cgroups.h"
#include "agent/supervise/client.h"
#include "common/base/result.h"
#include "motley/v1/model.pb.h"

namespace motley::agent {

/// Whose programs are kept apart, and how.
struct Confined {
  /// Part of the agent's state folder where the component has its own: "run", "scripts".
  std::string part;
  Owner owner;
  /// As of v1::Component.
  std::string user;
  v1::Limits limits;

  /// "<state>/<part>/<application>/<component>".
  std::string Folder(const std::string& state_folder) const;
};

/// Keeps the programs of components from one another and from the agent: users, folders, cgroups. A value; any thread,
/// with one call at a time for each component.
///
/// The component's folder belongs to the agent; its user may go through it, and owns `work` in it. A component of
/// another user opens the way to it in the agent's state folder; all else there is closed to others at the same time.
class Isolation {
 public:
  Isolation() = default;
  Isolation(std::string state_folder, Cgroups cgroups)
      : state_folder_(std::move(state_folder)), cgroups_(std::move(cgroups)) {}

  /// Whether it can be carried out on this gateway. May block for a few ms.
  /// Errors: of FindAccount and CheckCanReach; kInvalid (a limit beyond what can be set).
  Result<void> Check(const Confined& confined) const;

  /// Makes the component's folder and `work` in it, with their owners. Nothing of the component runs.
  Result<void> PrepareFolder(const Confined& confined) const;

  /// Makes the cgroups anew and puts user, limits and working folder into `launch`. What can not be had by cgroups is
  /// limited as far as resource limits go. Errors: of FindAccount, kUnavailable.
  Result<void> Confine(const Confined& confined, SupervisorLaunch* launch) const;

  /// "USER" and "LOGNAME" of another user, and a TMPDIR that he can write: entries for the environment, before those of
  /// the model.
  static void AddUserVariables(const Confined& confined, std::map<std::string, std::string>* variables);

  /// Lets the component's user read a file of the component's folder, which belongs to the agent.
  Result<void> LetRead(const Confined& confined, const std::string& path, mode_t mode) const;

  /// Ends what escaped from its supervisor, as far as cgroups know of it, and takes the cgroups away. Errors: of
  /// Cgroups::Remove.
  Result<void> Release(const Confined& confined) const;

  /// For people: which limits of what runs are not enforced, and why; empty if all are.
  std::string Unenforced(const Confined& confined) const;

  /// For people: that the component's folder has more than its limit allows; unset if not. Walks over at most 200,000
  /// files, and only if there is a limit.
  std::optional<std::string> OverDiskLimit(const Confined& confined) const;

 private:
  std::string CgroupName(const Confined& confined) const;
  Result<void> OpenWay(const Confined& confined) const;

  std::string state_folder_;
  Cgroups cgroups_;
};

}  // namespace motley::agent
