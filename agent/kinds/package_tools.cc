#include "agent/kinds/package_tools.h"

#include <poll.h>

#include <cstdlib>

#include "agent/kinds/archive_reader.h"

namespace motley::agent {
namespace {

using std::chrono::steady_clock;

constexpr int kLockStepMs = 200;
// A question of dpkg's database.
constexpr std::chrono::milliseconds kLookDeadline{30'000};

/// What the programs get of the agent's environment, and that nobody is there to be asked.
std::vector<std::string> Environment() {
  std::vector<std::string> environment = {"DEBIAN_FRONTEND=noninteractive",
                                          "DEBCONF_NONINTERACTIVE_SEEN=true",
                                          "APT_LISTCHANGES_FRONTEND=none",
                                          "NEEDRESTART_SUSPEND=1",
                                          "UCF_FORCE_CONFFOLD=1",
                                          "LC_ALL=C.UTF-8",
                                          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const char* name : {"http_proxy", "https_proxy", "no_proxy", "HOME", "TMPDIR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

bool IsLocked(const CommandEnd& end) {
  return end.code != 0 && (end.error_output.find("Could not get lock") != std::string::npos ||
                           end.error_output.find("was locked by another process") != std::string::npos);
}

}  // namespace

std::vector<std::string> PackageTools::AptGet() const {
  std::vector<std::string> arguments = {"apt-get", "-y", "-qq", "-o", "Dpkg::Options::=--force-confdef", "-o",
                                        "Dpkg::Options::=--force-confold",
                                        // Else dpkg's errors come in the middle of the output.
                                        "-o", "Dpkg::Use-Pty=false"};
  const auto option = [&arguments](const std::string& text) { arguments.insert(arguments.end(), {"-o", text}); };
  if (!options_.root.empty()) {
    option("Dir=" + options_.root);
    option("Dir::State::status=" + options_.root + "/var/lib/dpkg/status");
    option("Dpkg::Options::=--root=" + options_.root);
    option("Dpkg::Options::=--log=" + options_.root + "/var/log/dpkg.log");
  }
  arguments.insert(arguments.end(), options_.apt.begin(), options_.apt.end());
  return arguments;
}

std::vector<std::string> PackageTools::InstallArguments(const PackageTargets& targets) const {
  auto arguments = AptGet();
  // Going back is a downgrade.
  arguments.insert(arguments.end(), {"--no-install-recommends", "--allow-downgrades"});
  if (targets.removal == PackageTargets::Removal::kPurge) arguments.push_back("--purge");
  if (targets.reinstall) arguments.push_back("--reinstall");
  arguments.push_back("install");
  arguments.insert(arguments.end(), targets.arguments.begin(), targets.arguments.end());
  return arguments;
}

Result<PackageStanding> PackageTools::Look(const std::string& package) const {
  Command command;
  command.arguments = {"dpkg-query"};
  if (!options_.root.empty()) command.arguments.push_back("--admindir=" + options_.root + "/var/lib/dpkg");
  command.arguments.insert(command.arguments.end(), {"-W", "-f", kStandingFormat, package});
  command.environment = Environment();
  command.deadline = kLookDeadline;
  TRY_ASSIGN(const auto end, RunCommand(command));
  // 1: it knows no such package.
  if (end.code > 1) return Error{Code::kUnavailable, "dpkg-query " + package + ": " + end.LastWords()};
  return ParseStanding(end.code == 0 ? end.output : "");
}

Result<std::vector<PackageChange>> PackageTools::Simulate(const PackageTargets& targets) const {
  auto arguments = InstallArguments(targets);
  arguments.push_back("-s");
  TRY_ASSIGN(const auto output, RunGood(std::move(arguments), ""));
  return ParseSimulation(output);
}

Result<void> PackageTools::Install(const PackageTargets& targets) const {
  TRY(RunGood(InstallArguments(targets), ""));
  return {};
}

Result<void> PackageTools::Update() const {
  auto arguments = AptGet();
  // Else a source that can not be reached counts as a success.
  arguments.insert(arguments.end(), {"-o", "APT::Update::Error-Mode=any", "update"});
  TRY(RunGood(std::move(arguments), "").While("fetch the lists of packages"));
  return {};
}

Result<void> PackageTools::Repair() const {
  std::vector<std::string> arguments = {"dpkg", "--force-confdef", "--force-confold"};
  if (!options_.root.empty()) {
    arguments.insert(arguments.end(), {"--root=" + options_.root, "--log=" + options_.root + "/var/log/dpkg.log"});
  }
  arguments.insert(arguments.end(), {"--configure", "-a"});
  TRY(RunUnlocked(std::move(arguments), ""));
  return {};
}

Result<void> PackageTools::Download(const std::string& package, const std::string& version,
                                    const std::string& folder) const {
  auto arguments = AptGet();
  arguments.insert(arguments.end(), {"download", package + "=" + version});
  TRY(RunGood(std::move(arguments), folder));
  return {};
}

Result<std::string> PackageTools::ControlOf(const std::string& path) const { return ReadDebControl(unpack_, path); }

Result<CommandEnd> PackageTools::RunUnlocked(std::vector<std::string> arguments, const std::string& folder) const {
  Command command;
  command.arguments = std::move(arguments);
  command.environment = Environment();
  command.working_folder = folder;
  command.deadline = options_.deadline;
  command.output_limit_bytes = 8 << 20;
  const auto until = steady_clock::now() + options_.lock_wait;
  while (true) {
    TRY_ASSIGN(auto end, RunCommand(command));
    if (!IsLocked(end)) return end;
    if (steady_clock::now() >= until) {
      return Error{Code::kUnavailable, PackageErrorText(end.error_output, end.LastWords()) +
                                           "; somebody else is installing: wait for it, or end it"};
    }
    poll(nullptr, 0, kLockStepMs);
  }
}

Result<std::string> PackageTools::RunGood(std::vector<std::string> arguments, const std::string& folder) const {
  TRY_ASSIGN(auto end, RunUnlocked(std::move(arguments), folder));
  if (end.code == 0) return std::move(end.output);
  const auto text = PackageErrorText(end.error_output, end.LastWords());
  const bool unknown = text.find("Unable to locate package") != std::string::npos ||
                       text.find("was not found") != std::string::npos ||
                       text.find("has no installation candidate") != std::string::npos;
  if (unknown) return Error{Code::kNotFound, "apt-get: " + text + "; see the gateway's sources of packages"};
  return Error{Code::kUnavailable, "apt-get: " + text};
}

}  // namespace motley::agent
