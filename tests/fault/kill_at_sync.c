// Preloaded: ends the program by SIGKILL at its Nth durable write, as a power loss would, before or after the write has
// reached the disk. MOTLEY_KILL_AT_SYNC="<program name>:<N>:<before|after>".

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long syncs;

static int Sync(const char* name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  const char* plan = getenv("MOTLEY_KILL_AT_SYNC");
  const char* colon = plan == NULL ? NULL : strchr(plan, ':');
  if (colon == NULL || strncmp(plan, program_invocation_short_name, (size_t)(colon - plan)) != 0) return real(fd);
  char* rest = NULL;
  const long at = strtol(colon + 1, &rest, 10);
  const int now = atomic_fetch_add(&syncs, 1) + 1 == at;
  if (now && strcmp(rest, ":before") == 0) kill(getpid(), SIGKILL);
  const int result = real(fd);
  if (now) kill(getpid(), SIGKILL);
  return result;
}

int fsync(int fd) { return Sync("fsync", fd); }
int fdatasync(int fd) { return Sync("fdatasync", fd); }
