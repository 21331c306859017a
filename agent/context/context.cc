#include "agent/context/context.h"

#include <sched.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kMegabyte = 1024 * 1024;
constexpr std::uint64_t kFileLimitBytes = 65536;

struct ArchName {
  std::string_view machine;
  std::string_view on_64_bit;
  std::string_view on_32_bit;
};

// Names of the Debian architectures: dpkg's cputable and ostable.
constexpr ArchName kArchNames[] = {
    {"x86_64", "amd64", "i386"},
    {"aarch64", "arm64", "armhf"},
    {"armv8l", "armhf", "armhf"},
    {"armv7l", "armhf", "armhf"},
    {"armv6l", "armhf", "armhf"},
    {"armv5tel", "armel", "armel"},
    {"i686", "i386", "i386"},
    {"i586", "i386", "i386"},
    {"riscv64", "riscv64", "riscv64"},
    {"ppc64le", "ppc64el", "ppc64el"},
    {"s390x", "s390x", "s390x"},
    {"mips64", "mips64el", "mipsel"},
    {"loongarch64", "loong64", "loong64"},
};

template <typename Number>
Result<void> ParseNumber(std::string_view key, std::string_view value, std::optional<Number>* target) {
  Number number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && !value.empty()) {
    *target = number;
    return {};
  }
  return Error{Code::kInvalid, "context " + std::string(key) + "=" + std::string(value) +
                                   ": expected a whole number, such as " + std::string(key) + "=512"};
}

// Blocks of the file system that holds `folder` or what is above it; 0 if unknown.
std::uint64_t DiskBytes(std::filesystem::path folder) {
  struct statvfs found {};
  while (statvfs(folder.c_str(), &found) != 0) {
    if (!folder.has_relative_path()) return 0;
    folder = folder.parent_path();
  }
  return static_cast<std::uint64_t>(found.f_blocks) * found.f_frsize;
}

std::uint32_t UsableCpus() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) return static_cast<std::uint32_t>(CPU_COUNT(&cpus));
  // More processors than the set holds.
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<std::uint32_t>(online) : 0;
}

std::string ReadSmall(const std::string& path) {
  auto text = ReadFile(path, kFileLimitBytes);
  return text ? *std::move(text) : std::string();
}

void Override(const ContextOverrides& overrides, v1::Context* context) {
  if (overrides.arch) context->set_arch(*overrides.arch);
  if (overrides.os) context->set_os(*overrides.os);
  if (overrides.os_version) context->set_os_version(*overrides.os_version);
  if (overrides.memory_mb) context->set_memory_mb(*overrides.memory_mb);
  if (overrides.disk_mb) context->set_disk_mb(*overrides.disk_mb);
  if (overrides.cpus) context->set_cpus(*overrides.cpus);
  if (overrides.hostname) context->set_hostname(*overrides.hostname);
}

}  // namespace

Result<void> ParseContextOverride(std::string_view text, ContextOverrides* overrides) {
  const auto equals = text.find('=');
  const auto key = text.substr(0, equals);
  const auto value = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  if (equals == std::string_view::npos || value.empty()) {
    return Error{Code::kInvalid, "context \"" + std::string(text) + "\": expected key=value, such as memory_mb=512"};
  }
  if (key == "memory_mb") return ParseNumber(key, value, &overrides->memory_mb);
  if (key == "disk_mb") return ParseNumber(key, value, &overrides->disk_mb);
  if (key == "cpus") return ParseNumber(key, value, &overrides->cpus);
  if (key == "arch") {
    overrides->arch = value;
  } else if (key == "os") {
    overrides->os = value;
  } else if (key == "os_version") {
    overrides->os_version = value;
  } else if (key == "hostname") {
    overrides->hostname = value;
  } else {
    return Error{Code::kInvalid, "context \"" + std::string(key) +
                                     "\" is not known; there are arch, os, os_version, memory_mb, disk_mb, cpus and "
                                     "hostname"};
  }
  return {};
}

v1::Context DiscoverContext(const ContextSources& sources, const ContextOverrides& overrides) {
  v1::Context context;
  utsname system{};
  if (uname(&system) == 0) {
    context.set_arch(DebianArch(system.machine, sizeof(void*) == 8));
    context.set_hostname(system.nodename);
  }
  auto os_release = ReadSmall(sources.root + "/etc/os-release");
  if (os_release.empty()) os_release = ReadSmall(sources.root + "/usr/lib/os-release");
  context.set_os(OsReleaseValue(os_release, "ID"));
  context.set_os_version(OsReleaseValue(os_release, "VERSION_ID"));
  const auto memory_bytes = MemInfoBytes(ReadSmall(sources.root + "/proc/meminfo"), "MemTotal");
  context.set_memory_mb(memory_bytes.value_or(0) / kMegabyte);
  context.set_disk_mb(DiskBytes(sources.state_folder) / kMegabyte);
  context.set_cpus(UsableCpus());
  Override(overrides, &context);
  return context;
}

std::string DebianArch(std::string_view machine, bool is_64_bit) {
  for (const auto& name : kArchNames) {
    if (machine == name.machine) return std::string(is_64_bit ? name.on_64_bit : name.on_32_bit);
  }
  return std::string(machine);
}

std::string OsReleaseValue(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || line.substr(0, equals) != key) continue;
    auto value = line.substr(equals + 1);
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
    if (quoted && value.back() == value.front()) value = value.substr(1, value.size() - 2);
    std::string plain;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      plain += value[i];
    }
    return plain;
  }
  return "";
}

std::optional<std::uint64_t> MemInfoBytes(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ':') continue;
    line.remove_prefix(key.size() + 1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    std::uint64_t kilobytes = 0;
    const auto [last, error] = std::from_chars(line.data(), line.data() + line.size(), kilobytes);
    if (error != std::errc()) return std::nullopt;
    return kilobytes * 1024;
  }
  return std::nullopt;
}

}  // namespace motley::agent
