#include "agent/unpack/confine.h"

#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <vector>

namespace motley::agent {
namespace {

// "nobody" of every Linux distribution, and what the kernel shows for users that it does not know.
constexpr unsigned kNobody = 65534;
// zstd takes 128 MiB for its widest window here, xz -9 takes 65 MiB.
constexpr rlim_t kMemoryBytes = rlim_t{512} << 20;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// A sanitizer's own memory is terabytes, and it asks more of the kernel.
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#elif defined(__arm__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_ARM;
#elif defined(__i386__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_I386;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t kMachine = AUDIT_ARCH_RISCV64;
#else
constexpr std::uint32_t kMachine = 0;
#endif

/// What reading, unpacking in memory and writing take. Everything else fails with EPERM, which a library that tries
/// for something better takes for "not here".
constexpr long kCalls[] = {
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_close,
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_futex,
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_clock_gettime,
    SYS_getrandom,
    SYS_getpid,
    SYS_fstat,
    SYS_fcntl,
    SYS_lseek,
    SYS_sched_yield,
#ifdef SYS_mmap
    SYS_mmap,
#endif
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
// On 32 bits.
#ifdef SYS_mmap2
    SYS_mmap2,
    SYS_fstat64,
    SYS__llseek,
    SYS_fcntl64,
#endif
#ifdef SYS_fstatat64
    SYS_fstatat64,
#endif
#ifdef SYS_clock_gettime64
    SYS_clock_gettime64,
    SYS_futex_time64,
#endif
#ifdef SYS_statx
    SYS_statx,
#endif
};

Error Failed(const char* doing) { return Error{Code::kDenied, std::string(doing) + ": " + std::strerror(errno)}; }

Result<void> Limit(__rlimit_resource resource, rlim_t most, const char* doing) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return Failed(doing);
  if (limit.rlim_max == RLIM_INFINITY || most < limit.rlim_max) limit.rlim_max = most;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(resource, &limit) != 0) return Failed(doing);
  return {};
}

Result<void> BecomeNobody() {
  if (geteuid() != 0) return {};
  const bool become = setgroups(0, nullptr) == 0 && setresgid(kNobody, kNobody, kNobody) == 0 &&
                      setresuid(kNobody, kNobody, kNobody) == 0;
  // In a user namespace without that user; who is root there is nobody much outside.
  if (!become && errno != EINVAL && errno != EPERM) return Failed("become another user");
  // A change of the user takes this off.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return Failed("end with the agent");
  return {};
}

Result<void> FilterCalls() {
  if (kMachine == 0 || kIsSanitized) return {};
  const auto load = [](std::size_t offset) {
    return sock_filter(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<__u32>(offset)));
  };
  std::vector<sock_filter> filter = {
      load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      load(offsetof(seccomp_data, nr)),
  };
  for (const long call : kCalls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u32>(call), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 || errno == EINVAL) return {};
  return Failed("filter system calls");
}

}  // namespace

Result<void> Confine() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("give up new privileges");
#ifdef SYS_close_range
  // What an agent may have left open; before Linux 5.9 that is left to the agent.
  syscall(SYS_close_range, 3U, ~0U, 0U);
#endif
  TRY(BecomeNobody());
  TRY(Limit(RLIMIT_CORE, 0, "limit core dumps"));
  TRY(Limit(RLIMIT_FSIZE, 0, "limit the size of files"));
  TRY(Limit(RLIMIT_NPROC, 0, "limit processes"));
  if (!kIsSanitized) TRY(Limit(RLIMIT_AS, kMemoryBytes, "limit memory"));
  TRY(Limit(RLIMIT_NOFILE, 0, "limit open files"));
  return FilterCalls();
}

}  // namespace motley::agent
