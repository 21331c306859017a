#include "agent/supervise/children.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "agent/supervise/text.h"

namespace motley::agent {
namespace {

// Reads /proc/<pid>/<name>; the size, 0 when the process is gone.
std::size_t ReadProcess(pid_t pid, const char* name, char* buffer, std::size_t size) {
  Text<64> path;
  path.Add("/proc/").Add(pid).Add("/").Add(name);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const auto got = read(fd, buffer, size);
  close(fd);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

// Calls `visit(pid, place)` for every process there is.
template <typename Visit>
void ForEachProcess(Visit visit) {
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    std::int64_t number = 0;
    if (!ParseNumber(entry->d_name, &number)) continue;
    const auto pid = static_cast<pid_t>(number);
    char stat[512];
    const auto size = ReadProcess(pid, "stat", stat, sizeof stat);
    ProcessPlace place;
    if (ParseProcessPlace(std::string_view(stat, size), &place)) visit(pid, place);
  }
  closedir(folder);
}

bool Belongs(pid_t pid, std::string_view entry_one, std::string_view entry_two) {
  // What the agent sets comes first in the environment, so that a long one does not hide it.
  char environment[8192];
  const auto size = ReadProcess(pid, "environ", environment, sizeof environment);
  const std::string_view text(environment, size);
  return HasEntry(text, entry_one) && HasEntry(text, entry_two);
}

}  // namespace

bool ParseProcessPlace(std::string_view stat, ProcessPlace* place) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return false;
  // ") S parent group session ...": what follows the name is blank, state, blank, numbers.
  auto rest = From(stat, name_end + 1);
  if (rest.size() < 3) return false;
  rest.remove_prefix(3);
  for (pid_t* field : {&place->parent, &place->group, &place->session}) {
    const auto end = rest.find(' ');
    std::int64_t number = 0;
    if (end == std::string_view::npos || !ParseNumber(First(rest, end), &number)) return false;
    *field = static_cast<pid_t>(number);
    rest.remove_prefix(end + 1);
  }
  return true;
}

bool HasEntry(std::string_view environment, std::string_view entry) {
  while (!environment.empty()) {
    const auto end = environment.find('\0');
    if (end == std::string_view::npos) return environment == entry;
    if (First(environment, end) == entry) return true;
    environment.remove_prefix(end + 1);
  }
  return false;
}

int SignalChildren(int signal) {
  int count = 0;
  const pid_t self = getpid();
  ForEachProcess([&](pid_t pid, const ProcessPlace& place) {
    if (place.parent != self) return;
    ++count;
    kill(pid, signal);
  });
  return count;
}

int KillLeftBehind(pid_t session, std::string_view entry_one, std::string_view entry_two) {
  if (session <= 1) return 0;
  const pid_t self = getpid();
  int count = 0;
  for (int i = 0; i < 200; ++i) {
    count = 0;
    ForEachProcess([&](pid_t pid, const ProcessPlace& place) {
      if (pid == self || place.session != session || !Belongs(pid, entry_one, entry_two)) return;
      ++count;
      kill(pid, SIGKILL);
    });
    if (count == 0) break;
    poll(nullptr, 0, 10);
  }
  return count;
}

}  // namespace motley::agent
