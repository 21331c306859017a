#include "agent/kinds/ssh_forward.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "agent/kinds/ssh_options.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

using Clock = std::chrono::steady_clock;

// sockaddr_un has 108 with the NUL, and ssh makes the socket under its own name.
constexpr std::size_t kMaxSocketPath = 107;
constexpr std::size_t kMaxWordsBytes = 64 << 10;
constexpr std::string_view kReady = "ready\n";
// Its end of file on our side ends the connection, also when the agent is killed.
constexpr const char* kRemoteCommand = "exec /bin/sh -c 'echo ready; exec cat >/dev/null'";

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// A folder for the local socket that goes with this object.
class SocketPlace {
 public:
  static Result<SocketPlace> Make(const std::string& folder) {
    SocketPlace place;
    place.path_ = folder + "/s-" + RandomHex(4);
    if (place.path_.size() <= kMaxSocketPath && place.path_.find(':') == std::string::npos) return place;
    std::string short_folder = "/tmp/motley-XXXXXX";
    if (mkdtemp(short_folder.data()) == nullptr) return SystemError("make a folder in /tmp", errno);
    place.folder_ = short_folder;
    place.path_ = short_folder + "/s";
    return place;
  }
  SocketPlace(SocketPlace&& other) noexcept
      : folder_(std::exchange(other.folder_, "")), path_(std::exchange(other.path_, "")) {}
  SocketPlace& operator=(SocketPlace&&) = delete;
  ~SocketPlace() {
    if (path_.empty()) return;
    unlink(path_.c_str());
    if (!folder_.empty()) rmdir(folder_.c_str());
  }

  const std::string& path() const { return path_; }

 private:
  SocketPlace() = default;
  std::string folder_;
  std::string path_;
};

class Forwarding final : public SshForward {
 public:
  Forwarding(SocketPlace place, UniqueFd input, pid_t process)
      : place_(std::move(place)), input_(std::move(input)), process_(process) {}
  ~Forwarding() override {
    kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
  }

  const std::string& socket() const override { return place_.path(); }
  bool Alive() const override {
    siginfo_t info{};
    // Without reaping: the id stays ours until the destructor.
    return waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
  }

 private:
  SocketPlace place_;
  UniqueFd input_;
  pid_t process_;
};

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> Spawn(const std::vector<std::string>& arguments, const std::string& folder, int input, int output,
                    int error_output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, error_output, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const auto environment = SshEnvironment();
  pid_t process = 0;
  const int error = posix_spawnp(&process, arguments[0].c_str(), &actions, &attributes, Pointers(arguments).data(),
                                 Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return SystemError("start ssh (Debian package openssh-client)", error);
  return process;
}

/// Appends what can be read; closes `fd` at its end.
void ReadSome(UniqueFd& fd, std::string& text) {
  char buffer[4096];
  const auto size = read(fd.get(), buffer, sizeof buffer);
  if (size < 0 && errno == EINTR) return;
  if (size <= 0) {
    fd = UniqueFd();
  } else if (text.size() < kMaxWordsBytes) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

Result<void> WaitUntilReady(const v1::Host& host, UniqueFd output, UniqueFd error_output, Clock::time_point deadline) {
  std::string said;
  std::string words;
  while (output || error_output) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd polled[] = {{output.get(), POLLIN, 0}, {error_output.get(), POLLIN, 0}};
    if (left <= 0 || poll(polled, 2, static_cast<int>(std::min<std::int64_t>(left, 1'000'000))) == 0) {
      return Error{Code::kTimeout, HostText(host) + " did not answer in time; see whether the line to it is bad"};
    }
    if (polled[0].revents != 0) ReadSome(output, said);
    if (polled[1].revents != 0) ReadSome(error_output, words);
    if (said == kReady) return {};
  }
  return SshFailure(host, words);
}

}  // namespace

std::vector<std::string> SshEnvironment() {
  const char* path = std::getenv("PATH");
  return {std::string("PATH=") + (path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"), "LANG=C", "LC_ALL=C"};
}

Result<std::unique_ptr<SshForward>> StartForward(const v1::Host& host, const std::string& folder,
                                                 const std::string& remote_socket, std::chrono::milliseconds deadline) {
  const auto odd = [](unsigned char c) { return c <= ' ' || c == ':' || c == '\\' || c == 0x7f; };
  if (!remote_socket.starts_with('/') || std::any_of(remote_socket.begin(), remote_socket.end(), odd)) {
    return Error{Code::kInvalid, "socket \"" + remote_socket + "\" of " + HostText(host) +
                                     " is not absolute and plain; write it from \"/\", without blanks and colons"};
  }
  TRY_ASSIGN(SocketPlace place, SocketPlace::Make(folder));
  TRY_ASSIGN(Pipe input, MakePipe());
  TRY_ASSIGN(Pipe output, MakePipe());
  TRY_ASSIGN(Pipe error_output, MakePipe());
  auto arguments = SshArguments(host, Sharing::kOwn,
                                {"-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindUnlink=yes", "-o",
                                 "StreamLocalBindMask=0177", "-L", place.path() + ":" + remote_socket});
  arguments.push_back(kRemoteCommand);
  TRY_ASSIGN(const pid_t process,
             Spawn(arguments, folder, input.read.get(), output.write.get(), error_output.write.get()));
  for (UniqueFd* theirs : {&input.read, &output.write, &error_output.write}) *theirs = UniqueFd();
  auto forward = std::make_unique<Forwarding>(std::move(place), std::move(input.write), process);
  TRY(WaitUntilReady(host, std::move(output.read), std::move(error_output.read), Clock::now() + deadline));
  return std::unique_ptr<SshForward>(std::move(forward));
}

}  // namespace motley::agent
