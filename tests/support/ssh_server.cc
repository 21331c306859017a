#include "tests/support/ssh_server.h"

#include <signal.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "common/files/files.h"
#include "tests/support/keeper.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kKeyBytes = 65536;

std::string TextOf(const std::string& path) {
  auto text = ReadFile(path, kKeyBytes);
  CHECK(text.has_value());
  return *text;
}

std::string PublicKeyOf(const std::string& path) {
  std::string text = TextOf(path + ".pub");
  // Type and key, without the comment.
  return text.substr(0, text.find(' ', text.find(' ') + 1));
}

struct Process {
  std::string name;
  pid_t parent = 0;
};

std::map<pid_t, Process> Processes() {
  std::map<pid_t, Process> processes;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (std::isdigit(static_cast<unsigned char>(name[0])) == 0) continue;
    std::ifstream file(entry.path() / "stat");
    std::string text;
    std::getline(file, text);
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos) continue;
    std::istringstream rest(text.substr(close + 1));
    char state = 0;
    Process process{text.substr(open + 1, close - open - 1)};
    rest >> state >> process.parent;
    processes[std::stoi(name)] = process;
  }
  return processes;
}

/// `ancestor` and what descends from it, as far as it is sshd too.
std::vector<pid_t> Family(pid_t ancestor) {
  const auto processes = Processes();
  std::vector<pid_t> family;
  for (const auto& [pid, process] : processes) {
    if (process.name != "sshd") continue;
    for (pid_t up = pid; up > 1;) {
      if (up == ancestor) {
        family.push_back(pid);
        break;
      }
      const auto found = processes.find(up);
      up = found == processes.end() ? 0 : found->second.parent;
    }
  }
  return family;
}

}  // namespace

SshServer::SshServer(Userland userland) : userland_(userland), port_(FreePort()) {
  CHECK(MakeFolder("/run/sshd").has_value());
  CHECK(MakeFolder(home(), 0700).has_value());
  CHECK(MakeFolder(folder_ / "bin").has_value());
  for (const char* key : {"host", "foreign_host", "user", "foreign_user"}) MakeKey(key);
  fs::copy_file(folder_ / "user.pub", folder_ / "authorized_keys");
  std::string path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
  if (userland_ == Userland::kBusybox) {
    path = folder_ / "bin";
    CHECK(RunProgram({"/bin/busybox", "--install", "-s", path}).exit_code == 0);
  }
  std::ofstream(folder_ / "config") << "ListenAddress 127.0.0.1\nPort " << port_ << "\nHostKey " << folder_ / "host"
                                    << "\nAuthorizedKeysFile " << folder_ / "authorized_keys"
                                    << "\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n"
                                       "PasswordAuthentication yes\nKbdInteractiveAuthentication yes\n"
                                       "PrintMotd no\nLogLevel VERBOSE\nMaxStartups 100\n"
                                    << "SetEnv HOME=" << home() << " PATH=" << path << " " << kMarkVariable << "="
                                    << ChildMark() << "\n";
  Start();
}

SshServer::~SshServer() { Kill(); }

std::string SshServer::MakeKey(const std::string& name) const {
  const std::string path = folder_ / name;
  CHECK(RunProgram({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path}).exit_code == 0);
  return path;
}

v1::Host SshServer::host() const {
  v1::Host host;
  host.set_name("pump");
  host.mutable_ssh()->set_address("127.0.0.1");
  host.mutable_ssh()->set_port(static_cast<std::uint32_t>(port_));
  host.mutable_ssh()->set_user("root");
  host.mutable_ssh()->set_host_key(PublicKeyOf(folder_ / "host"));
  host.mutable_ssh()->set_private_key(TextOf(folder_ / "user"));
  return host;
}

std::string SshServer::foreign_host_key() const { return PublicKeyOf(folder_ / "foreign_host"); }

std::string SshServer::foreign_private_key() const { return TextOf(folder_ / "foreign_user"); }

void SshServer::Start() {
  const std::string config = folder_ / "config";
  std::vector<std::string> arguments = {"/usr/sbin/sshd", "-D", "-e", "-f", config};
  if (userland_ == Userland::kBusybox) {
    // Only sshd and what it starts see the other shell. In a chroot the root is no mount that could be made private, so
    // the shell becomes one of its own first, which changes nothing for others.
    arguments = {"unshare",
                 "--mount",
                 "--propagation",
                 "unchanged",
                 "/bin/bash",
                 "-c",
                 "shell=$(readlink -f /bin/sh); mount --make-rprivate / 2>/dev/null || "
                 "{ mount --bind $shell $shell && mount --make-private $shell; } && "
                 "mount --bind /bin/busybox $shell && exec /usr/sbin/sshd -D -e -f " +
                     config};
  }
  program_ = Program::Start({arguments, {}, folder_ / "log"});
  const auto listening = [this] {
    return program_->Output().find("Server listening", log_begin_) != std::string::npos;
  };
  CHECK(WaitFor(listening));
  log_begin_ = program_->Output().size();
}

void SshServer::Kill() {
  if (program_ == nullptr) return;
  // Again, since a connection may be on its way.
  for (auto family = Family(program_->pid()); !family.empty() && program_->Running();) {
    for (const pid_t pid : family) kill(pid, SIGSTOP);
    const auto found = Family(program_->pid());
    if (found.size() <= family.size()) break;
    family = found;
  }
  for (const pid_t pid : Family(program_->pid())) kill(pid, SIGKILL);
  program_->Kill();
}

void SshServer::Freeze() {
  for (const pid_t pid : Family(program_->pid())) kill(pid, SIGSTOP);
}

int SshServer::connections() const {
  const std::string text = program_->Output();
  int count = 0;
  constexpr std::string_view kAccepted = "Accepted publickey";
  for (auto at = text.find(kAccepted); at != std::string::npos; at = text.find(kAccepted, at + 1)) ++count;
  return count;
}

}  // namespace motley::tests
