#include "agent/flash/record_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>

namespace motley::agent {
namespace {

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// What a message can show of bytes that may be anything.
std::string Printable(std::string_view text) {
  std::string printable(text);
  std::replace_if(
      printable.begin(), printable.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return printable;
}

std::string_view NextLine(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Result<Image> ReadRecords(const RecordFormat& format, std::string_view content, const TakeRecord& take) {
  ImageBuilder image;
  int number = 0;
  const auto broken = [&](std::string_view what) {
    return Error{Code::kCorrupt,
                 fmt::format("{} file, line {}: {}; build or copy the file again", format.name, number, what)};
  };
  auto followed = Followed::kByMore;
  while (!content.empty()) {
    const std::string_view line = NextLine(content);
    ++number;
    if (line.empty()) continue;
    if (followed == Followed::kByNothing) return broken(fmt::format("there is more after {}", format.last_record));
    const auto taken = take(line, image);
    if (!taken && taken.error().code == Code::kCorrupt) return broken(taken.error().message);
    TRY_ASSIGN(followed, taken);
  }
  if (followed == Followed::kByMore)
    return broken(fmt::format("{} is missing: the file was cut off", format.last_record));
  if (!image.empty()) return image.Build();
  return Error{Code::kInvalid,
               fmt::format("the {} file holds no data; does the build leave the program out?", format.name)};
}

Result<std::vector<std::uint8_t>> DecodeRecord(std::string_view digits) {
  if (digits.size() % 2 != 0 || digits.empty()) return Error{Code::kCorrupt, "the record is cut off"};
  std::vector<std::uint8_t> bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = Digit(digits[i]);
    const int low = Digit(digits[i + 1]);
    if (high < 0 || low < 0) {
      return Error{Code::kCorrupt, "\"" + Printable(digits.substr(i, 2)) + "\" are not hexadecimal digits"};
    }
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

std::uint8_t SumOf(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint8_t>(std::accumulate(bytes.begin(), bytes.end(), 0u));
}

}  // namespace motley::agent
