#include "tests/support/container_engine.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "agent/kinds/docker_engine.h"
#include "common/crypto/digest.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Docker takes some seconds for its first start on a busy machine.
constexpr std::chrono::seconds kStartPatience{60};

// In a chroot the root is no mount, and runc's pivot_root wants one. It must be that of the whole namespace, too:
// whoever enters a container by its mount namespace, as "exec" and health checks do, comes out there. So: out of the
// chroot, and its folder on top of the namespace's root. Not seen by others, since the namespace's mounts are made
// private first.
constexpr const char* kEnter = R"sh(
if mountpoint -q /; then exec /bin/sh -c "$2" serve "$1"; fi
exec nsenter --mount=/proc/self/ns/mnt --wd=/ bin/busybox sh -c '
  bin/busybox mount --make-rprivate / && bin/busybox mount --rbind . . && cd "$(bin/busybox pwd -P)" &&
  bin/busybox mount --move . / && exec bin/busybox chroot . /bin/sh -c "$2" serve "$1"' enter "$1" "$2"
)sh";

// The shell stays as the first process of the namespace, to bury the orphans.
constexpr const char* kServe = R"(
folder=$1
export TMPDIR="$folder/tmp"
# The only thing that Podman's network plugins keep elsewhere.
mkdir -p /var/lib/cni && mount -t tmpfs cni /var/lib/cni
# Podman's conmon leaves a file where it is when a container is out of memory.
cd "$folder"
mount -t proc proc /proc
ip link set lo up
mountpoint -q /sys || mount -t sysfs sysfs /sys
if [ ! -e /sys/fs/cgroup/cgroup.controllers ] && [ ! -d /sys/fs/cgroup/devices ]; then
  controllers=$(awk '!/^#/ && $2 > 0 {print $1}' /proc/cgroups)
  if [ -z "$controllers" ]; then
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
  else
    mount -t tmpfs cgroup /sys/fs/cgroup
    for c in $controllers; do
      mkdir "/sys/fs/cgroup/$c" && mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c"
    done
  fi
fi
. "$folder/command" &
wait
)";

std::string Quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += "'" + word + "' ";
  return line;
}

std::vector<std::string> PodmanOptions(const TemporaryFolder& folder) {
  return {"podman",
          "--root",
          folder / "data",
          "--runroot",
          folder / "run",
          "--tmpdir",
          folder / "tmpdir",
          "--cgroup-manager",
          "cgroupfs",
          "--runtime",
          "runc",
          "--storage-driver",
          "vfs",
          "--network-config-dir",
          folder / "net",
          "--events-backend",
          "file"};
}

std::vector<std::string> Daemon(EngineType type, const TemporaryFolder& folder) {
  const std::string address = "unix://" + (folder / "socket");
  if (type == EngineType::kDocker) {
    return {"/usr/sbin/dockerd",
            "--iptables=false",
            "--ip6tables=false",
            "--storage-driver=vfs",
            "--exec-opt=native.cgroupdriver=cgroupfs",
            "--default-ulimit=nofile=1024:20000",
            "--data-root=" + (folder / "data"),
            "--exec-root=" + (folder / "exec"),
            "--pidfile=" + (folder / "pid"),
            "--host=" + address};
  }
  auto command = PodmanOptions(folder);
  for (const auto& word : {std::string("system"), std::string("service"), std::string("--time=0"), address}) {
    command.push_back(word);
  }
  return command;
}

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

void Run(std::vector<std::string> command) {
  const auto finished = RunProgram(std::move(command));
  if (finished.exit_code == 0) return;
  std::fprintf(stderr, "%s\n", finished.output.c_str());
  CHECK(finished.exit_code == 0);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, EngineType type) {
  return out << (type == EngineType::kDocker ? "Docker" : "Podman");
}

ContainerEngine::ContainerEngine(EngineType type) : type_(type) {
  fs::create_directory(folder_ / "tmp");
  Write(folder_ / "command", "exec " + Quoted(Daemon(type, folder_)) + "\n");
  const bool in_chroot = RunProgram({"mountpoint", "-q", "/"}).exit_code != 0;
  program_ = Program::Start(
      {{"setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", in_chroot ? "unchanged" : "private",
        "--pid", "--net", "--fork", "--kill-child", "/bin/sh", "-c", kEnter, "enter", folder_.path(), kServe},
       {},
       folder_ / "log"});
  agent::DockerEngine engine(socket());
  if (WaitFor([&] { return engine.Version().has_value(); }, kStartPatience)) return;
  std::fprintf(stderr, "%s\n", Log().c_str());
  CHECK(!"the container engine does not start");
}

ContainerEngine::~ContainerEngine() {
  // So that no cgroups are left.
  RemoveAllContainers();
  // When this one is gone, all others are.
  if (const pid_t first = FirstProcess(); first != 0) kill(first, SIGKILL);
  program_->Wait();
}

/// Of the namespaces.
pid_t ContainerEngine::FirstProcess() const {
  const std::string pid = std::to_string(program_->pid());
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  pid_t first = 0;
  children >> first;
  return first;
}

void ContainerEngine::RemoveAllContainers() {
  agent::DockerEngine engine(socket());
  const auto containers = engine.List({});
  if (!containers) return;
  for (const auto& container : *containers) (void)engine.Remove(container.id);
}

std::string ContainerEngine::Log() const { return program_->Output(); }

std::vector<std::string> ContainerEngine::ClientCommand(std::vector<std::string> arguments) const {
  std::vector<std::string> command;
  if (type_ == EngineType::kDocker) {
    command = {"docker", "--host", "unix://" + socket()};
  } else {
    command = {"podman", "--remote", "--url", "unix://" + socket()};
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

std::vector<std::string> ContainerEngine::LocalCommand(std::vector<std::string> arguments) const {
  if (type_ == EngineType::kDocker) return ClientCommand(std::move(arguments));
  std::vector<std::string> command = {"nsenter", "--target", std::to_string(FirstProcess()), "--all", "--root", "--wd"};
  for (const auto& word : PodmanOptions(folder_)) command.push_back(word);
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

void WriteImageArchive(const TestImage& image, const std::string& path) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "root/bin");
  fs::copy_file("/bin/busybox", folder / "root/bin/busybox");
  for (const char* name : {"cat", "cp", "dd", "echo", "env", "false", "ls", "mkdir", "nc", "rm", "sh", "sleep", "test",
                           "touch", "true", "wget", "yes"}) {
    fs::create_symlink("busybox", folder / (std::string("root/bin/") + name));
  }
  Run({"tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-C", folder / "root", "-cf",
       folder / "layer.tar", "."});
  const auto layer = Sha256File(folder / "layer.tar");
  CHECK(layer);
  Json config = {{"Cmd", image.command}, {"Env", {"PATH=/bin"}}};
  if (!image.health.empty()) {
    Json test = {"CMD"};
    for (const auto& word : image.health) test.push_back(word);
    config["Healthcheck"] = {{"Test", test}, {"Interval", 1'000'000'000}, {"Timeout", 1'000'000'000}, {"Retries", 2}};
  }
  const Json description = {{"architecture", "amd64"},
                            {"os", "linux"},
                            {"created", "2020-01-01T00:00:00Z"},
                            {"config", config},
                            {"history", {{{"created", "2020-01-01T00:00:00Z"}, {"created_by", "tests"}}}},
                            {"rootfs", {{"type", "layers"}, {"diff_ids", {*layer}}}}};
  const std::string config_name = Sha256(description.dump()).substr(7) + ".json";
  Write(folder / config_name, description.dump());
  const Json manifest = Json::array({{{"Config", config_name}, {"RepoTags", {image.name}}, {"Layers", {"layer.tar"}}}});
  Write(folder / "manifest.json", manifest.dump());
  Run({"tar", "--sort=name", "--mtime=@0", "-C", folder.path(), "-cf", path, config_name, "layer.tar",
       "manifest.json"});
}

}  // namespace motley::tests
