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
};

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
