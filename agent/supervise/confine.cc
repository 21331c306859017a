#include "agent/supervise/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/supervise/text.h"

namespace motley::agent {
namespace {

constexpr mode_t kFileMask = 027;

// Never above what this process may have itself.
bool Limit(__rlimit_resource resource, std::int64_t value) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return false;
  const auto wanted = static_cast<rlim_t>(value);
  if (limit.rlim_max == RLIM_INFINITY || wanted < limit.rlim_max) limit.rlim_max = wanted;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(resource, &limit) == 0;
}

bool Join(const char* cgroup) {
  Text<512> path;
  path.Add(cgroup).Add("/cgroup.procs");
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool joined = write(fd, "0", 1) == 1;
  const int error = errno;
  close(fd);
  errno = error;
  return joined;
}

// Straight to the kernel: libc's calls also reach for other threads, of which there are none, and are large.
bool Become(const ProgramUser& user) {
  return syscall(SYS_setgroups, user.group_count, user.groups) == 0 &&
         syscall(SYS_setresgid, user.group, user.group, user.group) == 0 &&
         syscall(SYS_setresuid, user.user, user.user, user.user) == 0;
}

}  // namespace

LaunchVerdict Confine(const SupervisorOptions& options) {
  for (const char* cgroup : options.cgroups) {
    if (cgroup != nullptr && !Join(cgroup)) return {errno, "join its cgroup"};
  }
  if (!Limit(RLIMIT_CORE, 0)) return {errno, "limit its core dumps"};
  if (options.address_space_mb > 0 && !Limit(RLIMIT_AS, options.address_space_mb << 20)) {
    return {errno, "limit its address space"};
  }
  if (options.user_processes > 0 && !Limit(RLIMIT_NPROC, options.user_processes)) {
    return {errno, "limit the processes of its user"};
  }
  umask(kFileMask);
  if (options.has_user && !Become(options.user)) return {errno, "become its user"};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {errno, "give up new privileges"};
  return {};
}

std::int64_t CountOomKills(const char* oom_file) {
  if (oom_file == nullptr) return 0;
  const int fd = open(oom_file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char buffer[512];
  const auto size = read(fd, buffer, sizeof buffer);
  close(fd);
  std::string_view text(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
  // "oom_kill <number>" among other lines; "oom_kill_disable" is one of them.
  constexpr std::string_view kName = "oom_kill ";
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = end == std::string_view::npos ? text : First(text, end);
    std::int64_t count = 0;
    if (line.starts_with(kName) && ParseNumber(From(line, kName.size()), &count)) return count;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return 0;
}

}  // namespace motley::agent
