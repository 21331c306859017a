#include "agent/isolation/cgroups.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>

#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

using Version = CgroupMount::Version;

constexpr std::uint64_t kMaxControlBytes = 1 << 20;
constexpr std::uint64_t kCpuPeriodUs = 100'000;
// The kernel takes no less.
constexpr std::uint64_t kLeastQuotaUs = 1'000;
// Process ids are given again only after all others; the ids that are read are killed within microseconds.
constexpr int kKillRounds = 200;
constexpr int kKillPauseMs = 10;
constexpr int kMakeTries = 10;

constexpr CgroupLimit kLimits[] = {CgroupLimit::kMemory, CgroupLimit::kCpu, CgroupLimit::kPids};

std::string_view ControllerName(CgroupLimit limit) {
  switch (limit) {
    case CgroupLimit::kMemory:
      return "memory";
    case CgroupLimit::kCpu:
      return "cpu";
    case CgroupLimit::kPids:
      return "pids";
  }
  return "";
}

// The file that the limit is written to; there only if the cgroup has the controller.
std::string_view LimitFile(Version version, CgroupLimit limit) {
  const bool two = version == Version::kTwo;
  switch (limit) {
    case CgroupLimit::kMemory:
      return two ? "memory.max" : "memory.limit_in_bytes";
    case CgroupLimit::kCpu:
      return two ? "cpu.max" : "cpu.cfs_quota_us";
    case CgroupLimit::kPids:
      return "pids.max";
  }
  return "";
}

std::vector<std::string> Words(std::string_view text, char separator) {
  std::vector<std::string> words;
  std::istringstream stream{std::string(text)};
  for (std::string word; std::getline(stream, word, separator);) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Control files are there as soon as their folder is, so that O_CREAT does nothing but let a plain folder stand in.
Result<void> Control(const std::string& path, const std::string& value) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return SystemError("open " + path, errno);
  if (write(fd.get(), value.data(), value.size()) < 0) return SystemError("write " + value + " to " + path, errno);
  return {};
}

Result<void> MakeOne(const std::string& folder) {
  if (mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return SystemError("make cgroup " + folder, errno);
}

// mountinfo writes blanks, line ends and backslashes as "\ooo".
std::string Unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int value = 0;
    const bool escape = text[i] == '\\' && i + 3 < text.size() &&
                        std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr == text.data() + i + 4;
    plain += escape ? static_cast<char>(value) : text[i];
    if (escape) i += 3;
  }
  return plain;
}

// The rest of what makes `value` the limit: swap, the period of the CPU's time.
Result<void> PrepareLimit(Version version, const std::string& folder, CgroupLimit limit) {
  if (limit == CgroupLimit::kCpu && version == Version::kOne) {
    return Control(folder + "/cpu.cfs_period_us", std::to_string(kCpuPeriodUs));
  }
  if (limit != CgroupLimit::kMemory) return {};
  // All of these may be missing, where swap is not accounted for or the kernel is old.
  if (version == Version::kOne) {
    // Not below the limit without swap, which is set next: first all the way up.
    (void)Control(folder + "/memory.memsw.limit_in_bytes", "-1");
  } else {
    // What is left of a component of which a part was killed is seldom of use.
    (void)Control(folder + "/memory.oom.group", "1");
    (void)Control(folder + "/memory.swap.max", "0");
  }
  return {};
}

std::string LimitText(Version version, CgroupLimit limit, std::uint64_t value) {
  if (limit == CgroupLimit::kMemory) return std::to_string(value << 20);
  if (limit == CgroupLimit::kPids) return std::to_string(value);
  const auto quota = std::to_string(std::max(value * kCpuPeriodUs / 1000, kLeastQuotaUs));
  return version == Version::kTwo ? quota + " " + std::to_string(kCpuPeriodUs) : quota;
}

Result<void> SetLimit(Version version, const std::string& folder, CgroupLimit limit, std::uint64_t value) {
  TRY(PrepareLimit(version, folder, limit));
  const auto text = LimitText(version, limit, value);
  TRY(Control(folder + "/" + std::string(LimitFile(version, limit)), text));
  if (limit == CgroupLimit::kMemory && version == Version::kOne) {
    (void)Control(folder + "/memory.memsw.limit_in_bytes", text);
  }
  return {};
}

// Kills all processes in a cgroup until there are none. Whether there are none.
bool Empty(const std::string& folder) {
  for (int round = 0; round < kKillRounds; ++round) {
    const auto text = ReadFile(folder + "/cgroup.procs", kMaxControlBytes);
    if (!text) return true;
    const auto ids = Words(*text, '\n');
    if (ids.empty()) return true;
    for (const auto& id : ids) {
      pid_t pid = 0;
      std::from_chars(id.data(), id.data() + id.size(), pid);
      if (pid > 1) kill(pid, SIGKILL);
    }
    poll(nullptr, 0, kKillPauseMs);
  }
  return false;
}

}  // namespace

std::vector<CgroupMount> ParseCgroupMounts(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  for (const auto& line : Words(mountinfo, '\n')) {
    // "id parent device root MOUNT_POINT options [tags] - TYPE source SUPER_OPTIONS", see proc(5).
    const auto middle = line.find(" - ");
    if (middle == std::string::npos) continue;
    const auto before = Words(std::string_view(line).substr(0, middle), ' ');
    const auto after = Words(std::string_view(line).substr(middle + 3), ' ');
    if (before.size() < 5 || after.size() < 3) continue;
    if (after[0] == "cgroup2") mounts.push_back({Unescaped(before[4]), Version::kTwo, {}});
    if (after[0] == "cgroup") mounts.push_back({Unescaped(before[4]), Version::kOne, Words(after[2], ',')});
  }
  return mounts;
}

Cgroups::Cgroups(const std::vector<CgroupMount>& mounts, std::string parent) {
  for (const auto& mount : mounts) {
    if (access(mount.folder.c_str(), W_OK) != 0) continue;
    auto controllers = mount.controllers;
    if (mount.version == Version::kTwo) {
      const auto text = ReadFile(mount.folder + "/cgroup.controllers", kMaxControlBytes);
      controllers = Words(text && !text->empty() ? text->substr(0, text->find('\n')) : "", ' ');
    }
    Hierarchy hierarchy{mount.folder + "/" + parent, mount.version, {}};
    for (const auto limit : kLimits) {
      if (!Has(limit) && Contains(controllers, ControllerName(limit))) hierarchy.limits.push_back(limit);
    }
    if (!hierarchy.limits.empty()) hierarchies_.push_back(std::move(hierarchy));
  }
}

Cgroups Cgroups::OfThisMachine(const std::string& state_folder) {
  const auto mountinfo = ReadFile("/proc/self/mountinfo", 16 << 20);
  if (!mountinfo) return {};
  // "sha256:" and so many digits: enough to tell the agents of one machine apart.
  return Cgroups(ParseCgroupMounts(*mountinfo), "motley-" + Sha256(state_folder).substr(7, 12));
}

const Cgroups::Hierarchy* Cgroups::Find(CgroupLimit limit) const {
  for (const auto& hierarchy : hierarchies_) {
    if (std::find(hierarchy.limits.begin(), hierarchy.limits.end(), limit) != hierarchy.limits.end()) return &hierarchy;
  }
  return nullptr;
}

Result<std::string> Cgroups::Make(const std::string& name, CgroupLimit limit, std::uint64_t value) const {
  const auto* hierarchy = Find(limit);
  if (hierarchy == nullptr) {
    return Error{Code::kNotFound,
                 "this gateway has no cgroups for " + std::string(ControllerName(limit)) + " that the agent can write"};
  }
  const auto folder = hierarchy->folder + "/" + name;
  auto made = MakeWithParent(*hierarchy, folder, "+" + std::string(ControllerName(limit)));
  // The last one of another component may just have gone, and the agent's folder with it.
  for (int i = 0; i < kMakeTries && !made && made.error().code == Code::kNotFound; ++i) {
    made = MakeWithParent(*hierarchy, folder, "+" + std::string(ControllerName(limit)));
  }
  if (!made) return std::move(made).error();
  TRY(SetLimit(hierarchy->version, folder, limit, value));
  return folder;
}

Result<void> Cgroups::MakeWithParent(const Hierarchy& hierarchy, const std::string& folder, const std::string& enable) {
  const bool two = hierarchy.version == Version::kTwo;
  const auto top = hierarchy.folder.substr(0, hierarchy.folder.rfind('/'));
  if (two) TRY(Control(top + "/cgroup.subtree_control", enable));
  TRY(MakeOne(hierarchy.folder));
  if (two) TRY(Control(hierarchy.folder + "/cgroup.subtree_control", enable));
  return MakeOne(folder);
}

bool Cgroups::Exists(const std::string& name, CgroupLimit limit) const {
  const auto* hierarchy = Find(limit);
  if (hierarchy == nullptr) return false;
  const auto file = hierarchy->folder + "/" + name + "/" + std::string(LimitFile(hierarchy->version, limit));
  return access(file.c_str(), F_OK) == 0;
}

std::string Cgroups::OomFile(const std::string& name) const {
  const auto* hierarchy = Find(CgroupLimit::kMemory);
  if (hierarchy == nullptr) return "";
  const bool two = hierarchy->version == Version::kTwo;
  return hierarchy->folder + "/" + name + (two ? "/memory.events" : "/memory.oom_control");
}

Result<void> Cgroups::Remove(const std::string& name) const {
  for (const auto& hierarchy : hierarchies_) {
    const auto folder = hierarchy.folder + "/" + name;
    if (access(folder.c_str(), F_OK) != 0) continue;
    if (!Empty(folder)) {
      return Error{Code::kUnavailable, "processes in " + folder + " do not die; see what they wait for"};
    }
    // A process that was killed leaves its cgroup a moment before it can be removed.
    for (int round = 0; rmdir(folder.c_str()) != 0 && errno != ENOENT; ++round) {
      if (errno != EBUSY || round == kKillRounds) return SystemError("remove cgroup " + folder, errno);
      poll(nullptr, 0, kKillPauseMs);
    }
    // Stays while other components have theirs in it.
    rmdir(hierarchy.folder.c_str());
  }
  return {};
}

}  // namespace motley::agent
