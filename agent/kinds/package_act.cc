#include "agent/kinds/package_act.h"

#include <algorithm>

namespace motley::agent {
namespace {

using State = PackageStanding::State;

bool Removes(const PackageTargets& targets, const std::string& package) {
  const auto& arguments = targets.arguments;
  return std::find(arguments.begin(), arguments.end(), package + "-") != arguments.end();
}

/// What would be removed without having been asked for.
std::vector<std::string> Strangers(const std::vector<PackageChange>& changes, const PackageTargets& targets) {
  std::vector<std::string> strangers;
  for (const auto& change : changes) {
    if (change.after.empty() && !Removes(targets, change.package)) strangers.push_back(change.package);
  }
  return strangers;
}

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool IsAt(const PackageRecord::Standing& wanted, const PackageStanding& now) {
  if (wanted.version().empty()) return now.state == State::kAbsent || now.state == State::kConfigFiles;
  return now.state == State::kInstalled && now.version == wanted.version();
}

}  // namespace

Result<std::string> PackageAct::WantedVersion(const v1::PackageSpec& spec) const {
  if (artifact_.empty()) return spec.version();
  TRY_ASSIGN(const auto control, tools_.ControlOf(artifact_));
  return ControlField(control, "Version").value_or("");
}

Result<void> PackageAct::Apply(const Instance& instance) {
  const auto& spec = instance.component.package();
  auto& record = state_.record();
  // A file that can not be read is found before anything is touched.
  TRY_ASSIGN(const auto wanted, WantedVersion(spec));
  TRY(tools_.Repair());
  if (!record.package().empty() && record.package() != spec.package() && state_.HasAny()) {
    // Another package than before: the earlier one goes first, and is kept until the commit.
    TRY(Remove());
  }
  TRY_ASSIGN(const auto now, tools_.Look(spec.package()));
  const bool back = !record.committed_digest().empty() && record.committed_digest() == instance.digest;
  bool there = IsThere(instance, now, wanted);
  // An instance that takes any version had one that it goes back to.
  const auto* committed = state_.Committed(spec.package());
  if (back && committed != nullptr) there = there && IsAt(*committed, now);
  record.set_package(spec.package());
  PackageTargets targets;
  if (!there) {
    TRY_ASSIGN(targets, TargetsOf(instance));
  }
  if (back) {
    TRY_ASSIGN(targets, TargetsBack(targets, spec.package()));
  }
  TRY_ASSIGN(const auto changes, Plan(targets));
  if (const auto strangers = Strangers(changes, targets); !strangers.empty()) {
    return Error{Code::kConflict, "installing " + spec.package() + " would remove " + Listed(strangers) +
                                      "; remove what clashes by hand, or choose another version"};
  }
  TRY(NoteChanges(changes, back ? Way::kBack : Way::kForward));
  state_.Touch(spec.package(), now);
  record.set_done(false);
  record.set_digest(instance.digest);
  TRY(state_.Save());
  if (!targets.arguments.empty()) TRY(tools_.Install(targets));
  TRY_ASSIGN(const auto after, tools_.Look(spec.package()));
  if (after.state != State::kInstalled || (!wanted.empty() && after.version != wanted)) {
    return Error{Code::kUnavailable, "apt-get has ended well, and " + spec.package() + " is " +
                                         (after.word.empty() ? "not-installed" : after.word) + " " + after.version +
                                         "; see what apt-get says about it on the gateway"};
  }
  record.set_version(after.version);
  record.set_done(true);
  return state_.Save();
}

bool PackageAct::IsThere(const Instance& instance, const PackageStanding& now, const std::string& wanted) const {
  const auto& record = state_.record();
  if (now.state != State::kInstalled) return false;
  if (!wanted.empty() && now.version != wanted) return false;
  // A package file of the same version may hold something else.
  return artifact_.empty() || (record.done() && record.digest() == instance.digest);
}

Result<PackageTargets> PackageAct::TargetsOf(const Instance& instance) const {
  const auto& spec = instance.component.package();
  PackageTargets targets;
  if (!artifact_.empty()) {
    TRY_ASSIGN(auto path, state_.LinkArtifact(artifact_, spec.package()));
    targets.arguments = {std::move(path)};
    targets.reinstall = true;
  } else if (!spec.version().empty()) {
    targets.arguments = {Restoring(spec.package(), spec.version())};
  } else if (const auto* committed = state_.Committed(spec.package());
             committed != nullptr && !committed->version().empty()) {
    targets.arguments = {Restoring(spec.package(), committed->version())};
  } else {
    // The newest: of what the sources have now.
    TRY(tools_.Update());
    targets.arguments = {spec.package()};
  }
  return targets;
}

/// What was changed since the commit beside the package itself goes back with it, in one run.
Result<PackageTargets> PackageAct::TargetsBack(const PackageTargets& main, const std::string& package) const {
  PackageTargets targets = main;
  for (const auto& touched : state_.record().touched()) {
    if (!touched.has_committed() || touched.package() == package) continue;
    TRY_ASSIGN(const auto now, tools_.Look(touched.package()));
    if (IsAt(touched.committed(), now)) continue;
    const auto& version = touched.committed().version();
    if (version.empty() && others_.contains(touched.package())) continue;
    targets.arguments.push_back(version.empty() ? touched.package() + "-" : Restoring(touched.package(), version));
  }
  if (targets.arguments == main.arguments) return main;
  const auto changes = tools_.Simulate(targets);
  if (changes && Strangers(*changes, targets).empty()) return targets;
  // Something else has come to need it meanwhile: the package itself matters more.
  return main;
}

std::string PackageAct::Restoring(const std::string& package, const std::string& version) const {
  auto kept = state_.KeptFile(package, version);
  return kept.empty() ? package + "=" + version : kept;
}

Result<std::vector<PackageChange>> PackageAct::Plan(const PackageTargets& targets) const {
  if (targets.arguments.empty()) return std::vector<PackageChange>();
  auto changes = tools_.Simulate(targets);
  if (changes || changes.error().code == Code::kTimeout) return changes;
  // The lists may be older than the release.
  if (auto updated = tools_.Update(); !updated) {
    return Error{changes.error().code, changes.error().message + "; " + updated.error().message};
  }
  return tools_.Simulate(targets);
}

Result<void> PackageAct::NoteChanges(const std::vector<PackageChange>& changes, Way way) {
  const auto& committed = state_.record().committed_digest();
  for (const auto& change : changes) {
    TRY_ASSIGN(const auto now, tools_.Look(change.package));
    const bool is_new = !state_.IsTouched(change.package);
    auto& touched = state_.Touch(change.package, now);
    // Later changes of the same transaction lead away from something that nobody has to come back to.
    const bool leaves_committed = way == Way::kForward && !committed.empty() && !touched.has_committed();
    if (!is_new && !leaves_committed) continue;
    // Of a broken one there is nothing to come back to.
    if (now.state == State::kBroken) continue;
    if (now.state == State::kInstalled) {
      auto kept = state_.Keep(tools_, change.package, now);
      if (!kept && way == Way::kForward) return kept;
    }
    if (leaves_committed) *touched.mutable_committed() = ToRecord(now);
  }
  return {};
}

Result<PackageTargets> PackageAct::TargetsGone() const {
  PackageTargets targets;
  for (const auto& touched : state_.record().touched()) {
    TRY_ASSIGN(const auto now, tools_.Look(touched.package()));
    if (IsAt(touched.original(), now)) continue;
    const auto& version = touched.original().version();
    const bool main = touched.package() == state_.record().package();
    if (version.empty() && !main && others_.contains(touched.package())) continue;
    targets.arguments.push_back(version.empty() ? touched.package() + "-" : Restoring(touched.package(), version));
    if (touched.original().config_files()) targets.removal = PackageTargets::Removal::kKeepConfigFiles;
  }
  return targets;
}

Result<void> PackageAct::Remove() {
  auto& record = state_.record();
  if (!state_.HasAny()) return {};
  TRY(tools_.Repair());
  TRY_ASSIGN(auto targets, TargetsGone());
  TRY_ASSIGN(auto changes, Plan(targets));
  if (!Strangers(changes, targets).empty()) {
    // What came along may be needed by others by now; then it stays, and only the package itself goes.
    const auto argument = record.package() + "-";
    std::erase_if(targets.arguments, [&](const auto& one) { return one.ends_with('-') && one != argument; });
    TRY_ASSIGN(changes, Plan(targets));
  }
  if (const auto strangers = Strangers(changes, targets); !strangers.empty()) {
    return Error{Code::kConflict, record.package() + " can not be taken away: " + Listed(strangers) +
                                      " would go with it; remove that first"};
  }
  const bool was_committed = !record.committed_digest().empty();
  TRY(NoteChanges(changes, was_committed ? Way::kForward : Way::kBack));
  record.set_done(false);
  record.clear_digest();
  TRY(state_.Save());
  if (!targets.arguments.empty()) TRY(tools_.Install(targets));
  record.set_done(true);
  return state_.Save();
}

}  // namespace motley::agent
