#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley::controller {

/// The target of a request line, taken apart.
struct Target {
  /// As it came, without the query.
  std::string path;
  std::vector<std::string> segments;
  std::map<std::string, std::string> query;
};

/// Parses "/a/b%20c?x=1&y". Errors: kInvalid (no leading '/', broken escape, control character).
Result<Target> ParseTarget(std::string_view target);

/// Bytes first..last of something, both included.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

enum class RangeKind {
  kWhole,          ///< No range that this server serves: the whole is the answer (RFC 9110, 14.2).
  kPart,           ///< 206.
  kUnsatisfiable,  ///< 416.
};

struct RangeChoice {
  RangeKind kind = RangeKind::kWhole;
  ByteRange range;
};

/// What a Range header asks of `size_bytes` bytes: one range of "bytes=a-b", "bytes=a-", "bytes=-n"; several ranges,
/// other units and anything malformed count as no range. Source: RFC 9110, section 14.
RangeChoice ParseRange(std::string_view header, std::uint64_t size_bytes);

}  // namespace motley::controller
