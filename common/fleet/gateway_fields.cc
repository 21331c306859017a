#include "common/fleet/gateway_fields.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "common/selector/spelling.h"

namespace motley {
namespace {

constexpr std::string_view kTagPrefix = "tags.";
constexpr std::string_view kRunsPrefix = "runs.";
constexpr std::size_t kMaxTagBytes = 63;

template <typename Number>
Result<void> SetNumber(Number& number, std::string_view name, std::string_view text) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc() && end == text.data() + text.size()) return {};
  return Error{Code::kInvalid, fmt::format("{}: \"{}\" is not a whole number from 0 to {}", name, text,
                                           std::numeric_limits<Number>::max())};
}

std::string Attributes::*TextField(std::string_view name) {
  if (name == "gateway") return &Attributes::gateway;
  if (name == "arch") return &Attributes::arch;
  if (name == "os") return &Attributes::os;
  if (name == "os_version") return &Attributes::os_version;
  if (name == "hostname") return &Attributes::hostname;
  if (name == "container_engine") return &Attributes::container_engine;
  return nullptr;
}

}  // namespace

const std::vector<std::string_view>& FieldNames() {
  static const std::vector<std::string_view> names = {
      "gateway", "arch",   "os",    "os_version",       "hostname",  "memory_mb", "disk_mb",
      "cpus",    "boards", "kinds", "container_engine", "tags.NAME", "runs",      "runs.APPLICATION"};
  return names;
}

Result<void> SetField(ListedGateway& gateway, std::string_view name, std::string_view text) {
  Attributes& attributes = gateway.attributes;
  if (const auto field = TextField(name)) {
    attributes.*field = text;
    return {};
  }
  if (name == "memory_mb") return SetNumber(attributes.memory_mb, name, text);
  if (name == "disk_mb") return SetNumber(attributes.disk_mb, name, text);
  if (name == "cpus") return SetNumber(attributes.cpus, name, text);
  if (name == "runs") {
    gateway.runs[""] = text;
    return {};
  }
  if (name.starts_with(kRunsPrefix) && name.size() > kRunsPrefix.size()) {
    gateway.runs[std::string(name.substr(kRunsPrefix.size()))] = text;
    return {};
  }
  if (name.starts_with(kTagPrefix)) {
    const std::string_view tag = name.substr(kTagPrefix.size());
    if (tag.empty() || tag.size() > kMaxTagBytes) {
      return Error{Code::kInvalid, fmt::format("\"{}\": a tag's name has 1 to 63 characters, as in tags.site", name)};
    }
    attributes.tags.insert_or_assign(std::string(tag), std::string(text));
    return {};
  }
  return Error{Code::kInvalid, fmt::format("unknown attribute \"{}\"{}", name, DidYouMean(name, FieldNames()))};
}

}  // namespace motley
