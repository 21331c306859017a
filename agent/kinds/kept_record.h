#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/files/files.h"

namespace motley::agent {

/// Reads what a kind keeps of a component from its file; unset if there is none. Errors: kCorrupt (damaged; `way_out`
/// says what to do before it is deleted), others as ReadFile.
template <typename Record>
Result<std::optional<Record>> LoadKeptRecord(const std::string& path, std::uint64_t limit_bytes,
                                             std::string_view way_out) {
  auto text = ReadFile(path, limit_bytes);
  if (!text && text.error().code == Code::kNotFound) return std::optional<Record>();
  if (!text) return text.error();
  std::optional<Record> record(std::in_place);
  if (record->ParseFromString(*text)) return record;
  return Error{Code::kCorrupt, path + " is damaged; " + std::string(way_out) + ", and delete it"};
}

}  // namespace motley::agent
