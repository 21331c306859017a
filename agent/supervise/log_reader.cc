#include "agent/supervise/log_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::size_t kBlockBytes = 65536;

// How many bytes the UTF-8 character at the start of `text` has; 0 if it is none (RFC 3629, section 4).
std::size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < least || byte(1) > most) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

bool ParseLine(std::string_view text, v1::LogLine* line) {
  std::int64_t time_us = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time_us);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return false;
  line->set_time_us(time_us);
  line->set_stream(ToUtf8(text.substr(0, blank)));
  line->set_text(ToUtf8(text.substr(blank + 1)));
  return true;
}

// The end of a file that holds at least `lines` lines, or all of it.
Result<std::string> ReadTail(const std::string& path, std::size_t lines) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return std::string();
    return SystemError("read " + path, errno);
  }
  struct stat found {};
  if (fstat(fd.get(), &found) != 0) return SystemError("read " + path, errno);
  std::string tail;
  auto start = static_cast<std::size_t>(found.st_size);
  std::size_t ends = 0;
  while (start > 0 && ends <= lines) {
    const auto size = std::min(start, kBlockBytes);
    start -= size;
    std::string block(size, '\0');
    const auto got = pread(fd.get(), block.data(), size, static_cast<off_t>(start));
    if (got < 0) return SystemError("read " + path, errno);
    block.resize(static_cast<std::size_t>(got));
    ends += static_cast<std::size_t>(std::count(block.begin(), block.end(), '\n'));
    tail.insert(0, block);
  }
  return tail;
}

// Puts the last lines of `text` in front of those that are there, newest first.
void TakeLines(std::string_view text, std::size_t lines, std::vector<v1::LogLine>* taken) {
  while (!text.empty() && taken->size() < lines) {
    if (text.back() == '\n') text.remove_suffix(1);
    const auto end = text.rfind('\n');
    const auto start = end == std::string_view::npos ? 0 : end + 1;
    v1::LogLine line;
    if (ParseLine(text.substr(start), &line)) taken->push_back(std::move(line));
    text = text.substr(0, start);
  }
}

}  // namespace

std::string ToUtf8(std::string_view text) {
  std::string good;
  good.reserve(text.size());
  while (!text.empty()) {
    const auto size = CharacterBytes(text);
    good += size > 0 ? text.substr(0, size) : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(size > 0 ? size : 1);
  }
  return good;
}

Result<std::vector<v1::LogLine>> ReadSupervisedLog(const std::string& folder, std::size_t lines) {
  std::vector<v1::LogLine> taken;
  for (const char* name : {"/log", "/log.1"}) {
    if (taken.size() >= lines) break;
    TRY_ASSIGN(const std::string tail, ReadTail(folder + name, lines - taken.size()));
    TakeLines(tail, lines, &taken);
  }
  std::reverse(taken.begin(), taken.end());
  return taken;
}

}  // namespace motley::agent
