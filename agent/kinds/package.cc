#include "agent/kinds/package.h"

#include <unistd.h>

#include <filesystem>
#include <set>
#include <vector>

#include "agent/kinds/observed.h"
#include "agent/kinds/package_act.h"
#include "agent/kinds/package_state.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using State = PackageStanding::State;

constexpr std::string_view kPart = "packages";

std::string Doing(const Instance& instance) { return "package \"" + instance.component.name() + "\""; }

std::string ArtifactOf(const KindSetup& setup, const Instance& instance) {
  const auto& spec = instance.component.package();
  return spec.has_deb() ? setup.artifact(spec.deb().digest()) : "";
}

std::vector<std::string> RecordFolders(const KindSetup& setup) {
  std::vector<std::string> folders;
  std::error_code error;
  const auto part = setup.state_folder + "/" + std::string(kPart);
  for (const auto& application : fs::directory_iterator(part, error)) {
    for (const auto& component : fs::directory_iterator(application.path(), error)) {
      folders.push_back(component.path().string());
    }
  }
  return folders;
}

/// The packages that other components are about.
Result<std::set<std::string>> OtherPackages(const KindSetup& setup, const std::string& own_folder) {
  std::set<std::string> packages;
  for (const auto& folder : RecordFolders(setup)) {
    if (folder == own_folder) continue;
    TRY_ASSIGN(const auto state, PackageState::Load(folder));
    if (state.HasAny()) packages.insert(state.record().package());
  }
  return packages;
}

Result<PackageAct> ActFor(const KindSetup& setup, const PackageOptions& options, const Instance& instance) {
  TRY_ASSIGN(const auto folder, ComponentFolder(setup, kPart, instance));
  TRY_ASSIGN(auto others, OtherPackages(setup, folder));
  TRY_ASSIGN(auto state, PackageState::Load(folder));
  return PackageAct(PackageTools(options, setup.unpack), std::move(state), ArtifactOf(setup, instance),
                    std::move(others));
}

Result<void> ApplyPackage(const KindSetup& setup, const PackageOptions& options, const Instance& instance) {
  TRY_ASSIGN(auto act, ActFor(setup, options, instance));
  return act.Apply(instance);
}

Result<void> RemovePackage(const KindSetup& setup, const PackageOptions& options, const Instance& instance) {
  TRY_ASSIGN(auto act, ActFor(setup, options, instance));
  return act.Remove();
}

Result<void> CommitFolder(const std::string& folder) {
  TRY_ASSIGN(auto state, PackageState::Load(folder));
  auto& record = state.record();
  if (!record.done()) return {};
  if (record.digest().empty()) return state.Forget();
  record.set_committed_digest(record.digest());
  for (auto& touched : *record.mutable_touched()) touched.clear_committed();
  TRY(state.Save());
  return state.DropKept();
}

Result<void> CommitAll(const KindSetup& setup) {
  Result<void> first;
  for (const auto& folder : RecordFolders(setup)) {
    auto committed = CommitFolder(folder);
    if (first && !committed) first = std::move(committed);
  }
  return first;
}

Result<Observed> LookAtPackage(const KindSetup& setup, const PackageOptions& options, const Instance& instance) {
  const auto& spec = instance.component.package();
  TRY_ASSIGN(const auto folder, ComponentFolder(setup, kPart, instance));
  TRY_ASSIGN(const auto state, PackageState::Load(folder));
  const auto& record = state.record();
  Observed observed;
  observed.detail = spec.package() + " was not put there";
  if (!state.HasAny()) return observed;
  observed.match = Observed::Match::kDiffers;
  observed.detail = "another version is in place";
  if (record.package() != spec.package()) return observed;
  TRY_ASSIGN(const auto now, PackageTools(options, setup.unpack).Look(spec.package()));
  observed.detail = spec.package() + " is not installed any more";
  if (now.state == State::kAbsent) return observed;
  observed.detail += ", only its configuration files are left";
  if (now.state == State::kConfigFiles) return observed;
  observed.state = v1::ReportedComponent::STATE_STOPPED;
  observed.detail = spec.package() + " " + now.version + " is " + now.word;
  if (now.state == State::kBroken) return observed;
  observed.detail = spec.package() + " was cut off while it was installed";
  if (!record.done()) return observed;
  const bool any_version = spec.version().empty() && !spec.has_deb();
  observed.detail = spec.package() + " has version " + now.version + ", not " + record.version();
  if (!any_version && record.digest() == instance.digest && now.version != record.version()) return observed;
  observed.detail = "another version is in place";
  if (record.digest() != instance.digest) return observed;
  observed.match = Observed::Match::kMatches;
  observed.state = v1::ReportedComponent::STATE_RUNNING;
  observed.detail = spec.package() + " " + now.version + " is installed";
  return observed;
}

/// What the package file itself says. Errors: kInvalid, and as ReadDebControl.
Result<void> CheckDeb(const PackageTools& tools, const v1::PackageSpec& spec, const std::string& artifact) {
  TRY_ASSIGN(const auto control, tools.ControlOf(artifact));
  const auto name = ControlField(control, "Package").value_or("");
  const auto bare = spec.package().substr(0, spec.package().find(':'));
  if (name != bare) {
    return Error{Code::kInvalid, "\"" + spec.deb().name() + "\" is a file of the package \"" + name + "\", not of \"" +
                                     bare + "\"; correct one of them"};
  }
  const auto version = ControlField(control, "Version").value_or("");
  if (!IsPackageVersion(version)) {
    return Error{Code::kCorrupt, "\"" + spec.deb().name() + "\" names no version; build it anew"};
  }
  if (spec.version().empty() || spec.version() == version) return {};
  return Error{Code::kInvalid, "\"" + spec.deb().name() + "\" has version " + version + ", not " + spec.version() +
                                   "; leave the version out, or correct it"};
}

Result<void> CheckSpec(const Instance& instance) {
  const auto& spec = instance.component.package();
  if (instance.host.host_case() != v1::Host::HOST_NOT_SET) {
    return Error{Code::kInvalid, "packages are installed on the gateway itself, not on host \"" + instance.host.name() +
                                     "\"; leave its host out"};
  }
  if (!IsPackageName(spec.package())) {
    return Error{Code::kInvalid,
                 "\"" + spec.package() + "\" is no name of a Debian package; write it as apt-get does: mosquitto"};
  }
  if (!spec.version().empty() && !IsPackageVersion(spec.version())) {
    return Error{Code::kInvalid, "\"" + spec.version() + "\" is no version of a Debian package; write it as apt-get " +
                                     "does: 2.0.11-1.2"};
  }
  return {};
}

}  // namespace

PackageKind::PackageKind(Loop& loop, KindSetup setup, PackageOptions options)
    : setup_(std::move(setup)), options_(std::move(options)), worker_(loop, "package") {}

PackageKind::~PackageKind() = default;

Result<void> PackageKind::Check(const Instance& instance) {
  TRY(ComponentFolder(setup_, kPart, instance));
  return CheckSpec(instance).While(Doing(instance));
}

void PackageKind::Inspect(const Instance& instance, std::function<void(Result<void>)> done) {
  const auto artifact = ArtifactOf(setup_, instance);
  if (artifact.empty()) return done({});
  worker_.Run(
      [setup = setup_, options = options_, instance, artifact] {
        return CheckDeb(PackageTools(options, setup.unpack), instance.component.package(), artifact)
            .While(Doing(instance));
      },
      std::move(done));
}

void PackageKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  worker_.Run([setup = setup_, options = options_,
               instance] { return UnknownUnlessSeen(LookAtPackage(setup, options, instance)); },
              std::move(done));
}

void PackageKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  worker_.Run([setup = setup_, options = options_,
               instance] { return ApplyPackage(setup, options, instance).While(Doing(instance)); },
              std::move(done));
}

void PackageKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  Observe(instance, [instance, done](const Observed& observed) { done(ConfirmSeen(observed, Doing(instance))); });
}

void PackageKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  worker_.Run([setup = setup_, options = options_,
               instance] { return RemovePackage(setup, options, instance).While(Doing(instance)); },
              std::move(done));
}

void PackageKind::Commit() {
  worker_.Run([setup = setup_] { return CommitAll(setup); },
              [](const Result<void>& committed) {
                if (!committed) LogWarning("a replaced package leaves something behind: {}", committed.error().message);
              });
}

}  // namespace motley::agent
