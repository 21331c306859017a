#pragma once

#include <cstdint>
#include <string_view>

namespace motley::agent {

/// The bounded log of one program: "log" and, before it, "log.1" in a folder, together at most `limit_bytes`. A line is
/// "<microseconds since 1970> <stream> <text>".
///
/// Never fails: lines that can not be written, on a full disk say, are dropped and counted, and the count is written as
/// soon as there is room.
class LogFile {
 public:
  /// `folder_fd` stays the caller's.
  LogFile(int folder_fd, std::int64_t limit_bytes) : folder_fd_(folder_fd), half_bytes_(limit_bytes / 2) {}
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// `stream` is "out", "err" or "agent"; `text` has no line end.
  void Append(const char* stream, std::string_view text);

 private:
  bool Write(const char* stream, std::string_view text);
  bool Open();

  const int folder_fd_;
  const std::int64_t half_bytes_;
  int fd_ = -1;
  std::int64_t size_bytes_ = 0;
  std::uint64_t dropped_lines_ = 0;
  /// errno of the last line that was dropped.
  int dropped_because_ = 0;
};

}  // namespace motley::agent
