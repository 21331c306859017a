#include "agent/supervise/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "agent/supervise/text.h"

namespace motley::agent {
namespace {

std::int64_t WallMicrosNow() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
}

}  // namespace

LogFile::~LogFile() {
  if (fd_ >= 0) close(fd_);
}

void LogFile::Append(const char* stream, std::string_view text) {
  if (dropped_lines_ > 0) {
    Text<128> notice;
    notice.Add(static_cast<std::int64_t>(dropped_lines_)).Add(" lines were dropped here: ");
    notice.Add(strerrordesc_np(dropped_because_));
    if (!Write("agent", notice.view())) {
      ++dropped_lines_;
      return;
    }
    dropped_lines_ = 0;
  }
  if (Write(stream, text)) return;
  dropped_because_ = errno;
  ++dropped_lines_;
}

bool LogFile::Write(const char* stream, std::string_view text) {
  Text<48> head;
  head.Add(WallMicrosNow()).Add(" ").Add(stream).Add(" ");
  const auto line_size = static_cast<std::int64_t>(head.view().size() + text.size() + 1);
  if (fd_ >= 0 && size_bytes_ > 0 && size_bytes_ + line_size > half_bytes_) {
    renameat(folder_fd_, "log", folder_fd_, "log.1");
    close(fd_);
    fd_ = -1;
  }
  if (fd_ < 0 && !Open()) return false;
  char end = '\n';
  const iovec parts[] = {
      {const_cast<char*>(head.c_str()), head.view().size()}, {const_cast<char*>(text.data()), text.size()}, {&end, 1}};
  const auto written = writev(fd_, parts, 3);
  if (written == line_size) {
    size_bytes_ += line_size;
    return true;
  }
  const int error = written < 0 ? errno : ENOSPC;
  // Half a line would run into the next one. O_APPEND goes on at the new end.
  const bool cut = written <= 0 || ftruncate(fd_, size_bytes_) == 0;
  if (!cut) size_bytes_ += written;
  errno = error;
  return false;
}

bool LogFile::Open() {
  fd_ = openat(folder_fd_, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd_ < 0) return false;
  struct stat found {};
  fstat(fd_, &found);
  size_bytes_ = found.st_size;
  return true;
}

}  // namespace motley::agent
