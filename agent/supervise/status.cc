#include "agent/supervise/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

namespace motley::agent {
namespace {

constexpr const char* kStateNames[] = {"starting", "running", "backoff", "stopping", "stopped", "ended"};

bool ParseState(std::string_view name, SupervisedState* state) {
  for (int i = 0; i < 6; ++i) {
    if (name != kStateNames[i]) continue;
    *state = static_cast<SupervisedState>(i);
    return true;
  }
  return false;
}

void SetField(std::string_view key, std::string_view value, SupervisorStatus* status) {
  std::int64_t number = 0;
  ParseNumber(value, &number);
  if (key == "instance") CopyText(value, status->instance);
  if (key == "supervisor") status->supervisor = static_cast<std::int32_t>(number);
  if (key == "pid") status->pid = static_cast<std::int32_t>(number);
  if (key == "restarts") status->restarts = static_cast<std::uint32_t>(number);
  if (key == "ends_in_a_row") status->ends_in_a_row = static_cast<std::uint32_t>(number);
  if (key == "started_us") status->started_us = number;
  if (key == "started_ms") status->started_ms = number;
  if (key == "next_start_ms") status->next_start_ms = number;
  if (key == "stop_timeout_ms") status->stop_timeout_ms = number;
  if (key == "exit_code") status->exit_code = static_cast<std::int32_t>(number);
  if (key == "exit_signal") status->exit_signal = static_cast<std::int32_t>(number);
  if (key == "reason") CopyText(value, status->reason);
}

bool WriteTo(int fd, std::string_view text) {
  const auto size = static_cast<ssize_t>(text.size());
  return pwrite(fd, text.data(), text.size(), 0) == size && ftruncate(fd, size) == 0;
}

bool ReplaceStatus(int folder_fd, std::string_view text, Durability durability) {
  const int fd = openat(folder_fd, "status.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  const bool sync = durability == Durability::kPowerLoss;
  bool good = WriteTo(fd, text) && (!sync || fsync(fd) == 0);
  close(fd);
  good = good && renameat(folder_fd, "status.new", folder_fd, "status") == 0;
  if (good && sync) fsync(folder_fd);
  return good;
}

}  // namespace

void CopyText(std::string_view text, char* target, std::size_t size) {
  std::size_t used = 0;
  for (const char c : text) {
    if (used + 1 >= size) break;
    target[used++] = c == '\n' || c == '\r' ? ' ' : c;
  }
  target[used] = '\0';
}

StatusText FormatStatus(const SupervisorStatus& status) {
  StatusText text;
  text.Add("state=").Add(kStateNames[static_cast<int>(status.state)]);
  text.Add("\ninstance=").Add(status.instance);
  text.Add("\nsupervisor=").Add(status.supervisor);
  text.Add("\npid=").Add(status.pid);
  text.Add("\nrestarts=").Add(status.restarts);
  text.Add("\nends_in_a_row=").Add(status.ends_in_a_row);
  text.Add("\nstarted_us=").Add(status.started_us);
  text.Add("\nstarted_ms=").Add(status.started_ms);
  text.Add("\nnext_start_ms=").Add(status.next_start_ms);
  text.Add("\nstop_timeout_ms=").Add(status.stop_timeout_ms);
  text.Add("\nexit_code=").Add(status.exit_code);
  text.Add("\nexit_signal=").Add(status.exit_signal);
  text.Add("\nreason=").Add(status.reason).Add("\nend=1\n");
  return text;
}

bool ParseStatus(std::string_view text, SupervisorStatus* status) {
  *status = {};
  bool has_state = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return false;
    const auto line = First(text, end);
    text.remove_prefix(end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return false;
    const auto key = First(line, equals);
    const auto value = From(line, equals + 1);
    if (key == "state") {
      has_state = ParseState(value, &status->state);
    } else if (key == "end") {
      return has_state && status->supervisor > 0;
    } else {
      SetField(key, value, status);
    }
  }
  return false;
}

bool WriteStatus(int folder_fd, const SupervisorStatus& status, Durability durability) {
  const auto formatted = FormatStatus(status);
  const auto text = formatted.view();
  if (ReplaceStatus(folder_fd, text, durability)) return true;
  const int error = errno;
  // A full disk has no room for a second file; what is allocated to the first one can still be written.
  unlinkat(folder_fd, "status.new", 0);
  const int fd = openat(folder_fd, "status", O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    errno = error;
    return false;
  }
  const bool good = WriteTo(fd, text);
  close(fd);
  return good;
}

bool ReadStatus(int folder_fd, SupervisorStatus* status) {
  const int fd = openat(folder_fd, "status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[kMaxStatusBytes];
  const auto size = pread(fd, text, sizeof text, 0);
  close(fd);
  return size > 0 && ParseStatus(std::string_view(text, static_cast<std::size_t>(size)), status);
}

std::int64_t BootMs() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

}  // namespace motley::agent
