#include "common/base/result.h"

#include <array>

namespace motley {
namespace {

struct CodeRow {
  Code code;
  std::string_view name;
  int http_status;
  int exit_code;
};

constexpr std::array<CodeRow, 8> kCodes{{
    {Code::kInvalid, "invalid", 400, 2},
    {Code::kNotFound, "not_found", 404, 3},
    {Code::kConflict, "conflict", 409, 4},
    {Code::kUnavailable, "unavailable", 503, 5},
    {Code::kTimeout, "timeout", 504, 6},
    {Code::kCorrupt, "corrupt", 422, 7},
    {Code::kDenied, "denied", 403, 8},
    {Code::kInternal, "internal", 500, 9},
}};

const CodeRow& Row(Code code) { return kCodes[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view CodeName(Code code) { return Row(code).name; }

std::optional<Code> CodeFromName(std::string_view name) {
  for (const CodeRow& row : kCodes) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

int HttpStatus(Code code) { return Row(code).http_status; }

int ExitCode(Code code) { return Row(code).exit_code; }

Error Error::While(std::string_view doing) && {
  message.insert(0, std::string(doing) + ": ");
  return std::move(*this);
}

Error Error::While(std::string_view doing) const& { return Error(*this).While(doing); }

}  // namespace motley
