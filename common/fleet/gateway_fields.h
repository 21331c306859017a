#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/selector/attributes.h"

namespace motley {

/// A gateway as a list or a fleet file has it.
struct ListedGateway {
  Attributes attributes;
  /// What runs: a variant by application; the application is "" where the list does not name it.
  std::map<std::string, std::string> runs;
  /// Of its list.
  int line = 0;
};

/// Puts one field, by the name that it has in lists: gateway, arch, os, os_version, hostname, memory_mb, disk_mb, cpus,
/// container_engine, tags.NAME, runs, runs.APPLICATION. Errors: kInvalid (unknown name, with the nearest; no number
/// where one is due).
Result<void> SetField(ListedGateway& gateway, std::string_view name, std::string_view text);

/// The names that SetField knows, and `boards` and `kinds`.
const std::vector<std::string_view>& FieldNames();

}  // namespace motley
