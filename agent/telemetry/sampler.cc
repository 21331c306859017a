#include "agent/telemetry/sampler.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace motley::agent {
namespace {

// Largest of the files that are read; a process's stat has about 300 bytes.
constexpr std::size_t kFileLimitBytes = 16384;
// A chain of parents is never this long; it only can be when process ids were used again while /proc was read.
constexpr int kMaxDepth = 64;

// Takes the first word off `text`.
std::string_view NextWord(std::string_view* text) {
  while (!text->empty() && std::isspace(static_cast<unsigned char>(text->front()))) text->remove_prefix(1);
  std::size_t size = 0;
  while (size < text->size() && !std::isspace(static_cast<unsigned char>((*text)[size]))) ++size;
  const auto word = text->substr(0, size);
  text->remove_prefix(size);
  return word;
}

template <typename Number>
Number ToNumber(std::string_view word) {
  Number number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

// The number after "`key`:" in a file such as /proc/meminfo, in bytes.
std::optional<std::uint64_t> KilobyteField(std::string_view text, std::string_view key) {
  for (auto at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const bool starts_line = at == 0 || text[at - 1] == '\n';
    const auto after = at + key.size();
    if (!starts_line || after >= text.size() || text[after] != ':') continue;
    auto rest = text.substr(after + 1);
    return ToNumber<std::uint64_t>(NextWord(&rest)) * 1024;
  }
  return std::nullopt;
}

}  // namespace

struct Sampler::Writer {
  std::int64_t time_us;
  std::vector<v1::Sample> samples;

  void Add(const std::string& source, const char* metric, double value) {
    auto& sample = samples.emplace_back();
    sample.set_time_us(time_us);
    sample.set_source(source);
    sample.set_metric(metric);
    sample.set_value(value);
  }
};

bool ParseProcessUse(std::string_view stat, ProcessUse* use) {
  *use = {};
  const auto name_start = stat.find('(');
  const auto name_end = stat.rfind(')');
  if (name_start == std::string_view::npos || name_end == std::string_view::npos) return false;
  use->pid = ToNumber<pid_t>(stat.substr(0, name_start));
  auto rest = stat.substr(name_end + 1);
  // Fields by their numbers in proc(5); the name is the second.
  for (int field = 3; field <= 24; ++field) {
    const auto word = NextWord(&rest);
    if (word.empty()) return false;
    if (field == 4) use->parent = ToNumber<pid_t>(word);
    if (field == 5) use->group = ToNumber<pid_t>(word);
    if (field >= 14 && field <= 17) use->ticks += ToNumber<std::uint64_t>(word);
    if (field == 24) use->resident_pages = ToNumber<std::uint64_t>(word);
  }
  return use->pid > 0;
}

Sampler::Sampler(std::string root, std::string state_folder)
    : proc_(std::move(root) + "/proc/"),
      state_folder_(std::move(state_folder)),
      ticks_per_second_(sysconf(_SC_CLK_TCK)),
      page_bytes_(sysconf(_SC_PAGESIZE)) {
  text_.resize(kFileLimitBytes);
}

std::vector<v1::Sample> Sampler::Measure(std::int64_t time_us, std::int64_t now_ms,
                                         const std::vector<MeasuredProgram>& programs) {
  Writer writer{time_us, {}};
  const std::int64_t elapsed_ms = measured_ms_ != 0 ? now_ms - measured_ms_ : 0;
  measured_ms_ = now_ms;
  MeasureGateway(writer);
  MeasureAgent(writer, elapsed_ms);
  if (programs.empty()) {
    before_.clear();
  } else {
    MeasurePrograms(writer, elapsed_ms, programs);
  }
  return std::move(writer.samples);
}

void Sampler::MeasureGateway(Writer& writer) {
  const std::string source = "gateway";
  // "cpu user nice system idle iowait irq softirq steal guest ...": guest time is part of user time already.
  auto stat = Read("stat");
  if (NextWord(&stat) == "cpu") {
    std::uint64_t all = 0;
    std::uint64_t idle = 0;
    for (int i = 0; i < 8; ++i) {
      const auto ticks = ToNumber<std::uint64_t>(NextWord(&stat));
      all += ticks;
      if (i == 3 || i == 4) idle += ticks;
    }
    const auto busy = all - idle;
    if (all_ticks_ != 0 && all > all_ticks_ && busy >= busy_ticks_) {
      writer.Add(source, "cpu_percent",
                 100.0 * static_cast<double>(busy - busy_ticks_) / static_cast<double>(all - all_ticks_));
    }
    all_ticks_ = all;
    busy_ticks_ = busy;
  }
  const auto memory = Read("meminfo");
  const auto total = KilobyteField(memory, "MemTotal");
  const auto available = KilobyteField(memory, "MemAvailable");
  if (total && available && *total >= *available) {
    writer.Add(source, "memory_used_bytes", static_cast<double>(*total - *available));
    writer.Add(source, "memory_total_bytes", static_cast<double>(*total));
  }
  struct statvfs disk {};
  if (statvfs(state_folder_.c_str(), &disk) == 0) {
    const auto block = static_cast<double>(disk.f_frsize);
    writer.Add(source, "disk_used_bytes", block * static_cast<double>(disk.f_blocks - disk.f_bfree));
    writer.Add(source, "disk_total_bytes", block * static_cast<double>(disk.f_blocks));
  }
  auto load = Read("loadavg");
  if (!load.empty()) writer.Add(source, "load_1m", ToNumber<double>(NextWord(&load)));
  auto uptime = Read("uptime");
  if (!uptime.empty()) writer.Add(source, "uptime_seconds", ToNumber<double>(NextWord(&uptime)));
}

void Sampler::MeasureAgent(Writer& writer, std::int64_t elapsed_ms) {
  const std::string source = "agent";
  ProcessUse use;
  if (!ParseProcessUse(Read("self/stat"), &use)) return;
  if (elapsed_ms > 0 && use.ticks >= agent_ticks_) {
    const auto seconds = static_cast<double>(use.ticks - agent_ticks_) / static_cast<double>(ticks_per_second_);
    writer.Add(source, "cpu_percent", 100000.0 * seconds / static_cast<double>(elapsed_ms));
  }
  agent_ticks_ = use.ticks;
  const auto share = KilobyteField(Read("self/smaps_rollup"), "Pss");
  if (share) writer.Add(source, "memory_bytes", static_cast<double>(*share));
}

void Sampler::MeasurePrograms(Writer& writer, std::int64_t elapsed_ms, const std::vector<MeasuredProgram>& programs) {
  ReadProcesses();
  std::vector<ProcessUse> sums(programs.size());
  for (const auto& process : processes_) {
    const int owner = OwnerOf(process, programs);
    if (owner < 0) continue;
    sums[static_cast<std::size_t>(owner)].ticks += process.ticks;
    sums[static_cast<std::size_t>(owner)].resident_pages += process.resident_pages;
  }
  std::vector<Before> now;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const auto& program = programs[i];
    writer.Add(program.source, "restarts", program.restarts);
    if (program.pid == 0 || Find(program.pid) == nullptr) continue;
    writer.Add(program.source, "memory_bytes",
               static_cast<double>(sums[i].resident_pages) * static_cast<double>(page_bytes_));
    now.push_back({program.source, program.pid, sums[i].ticks});
    const auto before = std::find_if(before_.begin(), before_.end(), [&](const Before& old) {
      return old.pid == program.pid && old.source == program.source;
    });
    if (before == before_.end() || elapsed_ms <= 0) continue;
    // A descendant that nobody waited for takes its time with it.
    const auto ticks = sums[i].ticks > before->ticks ? sums[i].ticks - before->ticks : 0;
    const auto seconds = static_cast<double>(ticks) / static_cast<double>(ticks_per_second_);
    writer.Add(program.source, "cpu_percent", 100000.0 * seconds / static_cast<double>(elapsed_ms));
  }
  before_ = std::move(now);
}

void Sampler::ReadProcesses() {
  processes_.clear();
  DIR* folder = opendir(proc_.c_str());
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    if (!std::isdigit(static_cast<unsigned char>(entry->d_name[0]))) continue;
    char name[sizeof entry->d_name + 8];
    const int size = std::snprintf(name, sizeof name, "%s/stat", entry->d_name);
    ProcessUse use;
    if (ParseProcessUse(Read(std::string_view(name, static_cast<std::size_t>(size))), &use)) {
      processes_.push_back(use);
    }
  }
  closedir(folder);
  std::sort(processes_.begin(), processes_.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
}

int Sampler::OwnerOf(const ProcessUse& process, const std::vector<MeasuredProgram>& programs) const {
  const ProcessUse* at = &process;
  for (int depth = 0; at != nullptr && depth < kMaxDepth; ++depth) {
    for (std::size_t i = 0; i < programs.size(); ++i) {
      const pid_t pid = programs[i].pid;
      if (pid != 0 && (at->pid == pid || at->group == pid)) return static_cast<int>(i);
    }
    at = at->parent > 1 ? Find(at->parent) : nullptr;
  }
  return -1;
}

const ProcessUse* Sampler::Find(pid_t pid) const {
  const auto place = std::lower_bound(processes_.begin(), processes_.end(), pid,
                                      [](const ProcessUse& process, pid_t wanted) { return process.pid < wanted; });
  return place != processes_.end() && place->pid == pid ? &*place : nullptr;
}

std::string_view Sampler::Read(std::string_view name) {
  path_.assign(proc_).append(name);
  const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::size_t used = 0;
  while (used < text_.size()) {
    const auto size = read(fd, text_.data() + used, text_.size() - used);
    if (size <= 0) break;
    used += static_cast<std::size_t>(size);
  }
  close(fd);
  return std::string_view(text_).substr(0, used);
}

}  // namespace motley::agent
