#include "agent/supervise/options.h"

#include <string.h>

namespace motley::agent {
namespace {

struct NumberOption {
  const char* name;
  std::int64_t SupervisorOptions::*field;
  std::int64_t least;
};

// The least log keeps a few lines of the greatest length in each half.
constexpr NumberOption kNumbers[] = {
    {"--backoff-initial-ms", &SupervisorOptions::backoff_initial_ms, 1},
    {"--backoff-max-ms", &SupervisorOptions::backoff_max_ms, 1},
    {"--stop-timeout-ms", &SupervisorOptions::stop_timeout_ms, 0},
    {"--time-limit-ms", &SupervisorOptions::time_limit_ms, 0},
    {"--log-bytes", &SupervisorOptions::log_bytes, 16384},
    {"--memory-mb", &SupervisorOptions::memory_mb, 0},
    {"--address-space-mb", &SupervisorOptions::address_space_mb, 0},
    {"--user-processes", &SupervisorOptions::user_processes, 0},
};

bool AddCgroup(const char* folder, SupervisorOptions* options) {
  for (const char*& place : options->cgroups) {
    if (place != nullptr) continue;
    place = folder;
    return true;
  }
  return false;
}

bool ParseOption(const char* name, const char* value, SupervisorOptions* options, Text<256>* error) {
  if (strcmp(name, "--dir") == 0) {
    options->folder = value;
    return true;
  }
  if (strcmp(name, "--instance") == 0) {
    options->instance = value;
    return true;
  }
  if (strcmp(name, "--restart") == 0) {
    if (ParseRestartPolicy(value, &options->restart)) return true;
    error->Add("--restart ").Add(value).Add(": expected always, on-failure or never");
    return false;
  }
  if (strcmp(name, "--oom-file") == 0) {
    options->oom_file = value;
    return true;
  }
  if (strcmp(name, "--cgroup") == 0) {
    if (AddCgroup(value, options)) return true;
    error->Add("--cgroup ").Add(value).Add(": expected at most ").Add(SupervisorOptions::kMaxCgroups).Add(" of them");
    return false;
  }
  if (strcmp(name, "--user") == 0) {
    options->has_user = ParseProgramUser(value, &options->user);
    if (options->has_user) return true;
    error->Add("--user ").Add(value).Add(": expected UID:GID and at most ").Add(ProgramUser::kMaxGroups);
    error->Add(" further groups");
    return false;
  }
  for (const auto& number : kNumbers) {
    if (strcmp(name, number.name) != 0) continue;
    std::int64_t parsed = 0;
    if (ParseNumber(value, &parsed) && parsed >= number.least) {
      options->*number.field = parsed;
      return true;
    }
    error->Add(name).Add(" ").Add(value).Add(": expected a number of at least ").Add(number.least);
    return false;
  }
  error->Add("unknown option ").Add(name);
  return false;
}

}  // namespace

bool ParseProgramUser(const char* text, ProgramUser* user) {
  *user = {};
  std::string_view rest = text;
  for (int field = 0;; ++field) {
    const auto end = rest.find(':');
    std::int64_t number = 0;
    if (!ParseNumber(end == std::string_view::npos ? rest : First(rest, end), &number)) return false;
    // The greatest number means "leave it as it is" to the kernel.
    if (number < 0 || number >= UINT32_MAX || field >= 2 + ProgramUser::kMaxGroups) return false;
    const auto id = static_cast<std::uint32_t>(number);
    if (field == 0) user->user = id;
    if (field == 1) user->group = id;
    if (field > 1) user->groups[user->group_count++] = id;
    if (end == std::string_view::npos) return field > 0;
    rest.remove_prefix(end + 1);
  }
}

bool ParseSupervisorOptions(int argc, char** argv, SupervisorOptions* options, Text<256>* error) {
  int next = 1;
  while (next < argc && strcmp(argv[next], "--") != 0) {
    if (strcmp(argv[next], "--once") == 0) {
      options->once = true;
      ++next;
      continue;
    }
    if (next + 1 >= argc) {
      error->Add(argv[next]).Add(": its value is missing");
      return false;
    }
    if (!ParseOption(argv[next], argv[next + 1], options, error)) return false;
    next += 2;
  }
  if (options->folder == nullptr) {
    error->Add("--dir is missing");
    return false;
  }
  if (next + 1 >= argc) {
    error->Add("the program is missing after --");
    return false;
  }
  options->program = argv + next + 1;
  return true;
}

}  // namespace motley::agent
