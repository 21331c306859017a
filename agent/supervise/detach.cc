#include "agent/supervise/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/supervise/text.h"

namespace motley::agent {
namespace {

[[noreturn]] void Fail(const char* doing, const char* what) {
  const char* why = strerrordesc_np(errno);
  Complain(Text<512>().Add(doing).Add(" ").Add(what).Add(": ").Add(why).view());
  _exit(kSuperviseFailed);
}

// The first process: what the second says, or its exit code.
[[noreturn]] void WaitForVerdict(pid_t second, int read_fd) {
  char word = 0;
  if (TEMP_FAILURE_RETRY(read(read_fd, &word, 1)) == 1) _exit(kSuperviseStarted);
  int status = 0;
  if (TEMP_FAILURE_RETRY(waitpid(second, &status, 0)) == second && WIFEXITED(status)) _exit(WEXITSTATUS(status));
  _exit(kSuperviseFailed);
}

int LockOrExit(int folder_fd, const char* folder) {
  const int fd = openat(folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) Fail("open the lock in", folder);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd, F_SETLK, &lock) == 0) return fd;
  if (errno != EACCES && errno != EAGAIN) Fail("lock", folder);
  Complain(Text<512>().Add(folder).Add(" has a supervisor already").view());
  _exit(kSuperviseBusy);
}

}  // namespace

void Complain(std::string_view text) {
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nobody listens
}

DetachedFolder Detach(const char* folder) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) Fail("make a pipe for", folder);
  const pid_t second = fork();
  if (second < 0) Fail("fork for", folder);
  if (second > 0) {
    close(ready[1]);
    WaitForVerdict(second, ready[0]);
  }
  close(ready[0]);
  setsid();
  DetachedFolder detached;
  detached.ready_fd = ready[1];
  detached.folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (detached.folder_fd < 0) Fail("open", folder);
  LockOrExit(detached.folder_fd, folder);
  return detached;
}

void ReportReady(DetachedFolder* detached) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; ++fd) dup2(null, fd);
  close(null);
  const char word = 1;
  if (write(detached->ready_fd, &word, 1) != 1) _exit(kSuperviseFailed);
  close(detached->ready_fd);
  detached->ready_fd = -1;
}

}  // namespace motley::agent
