#pragma once

#include <chrono>
#include <string>

#include "agent/kinds/kind.h"
#include "agent/kinds/plugin_folder.h"
#include "agent/kinds/plugin_reply.h"
#include "agent/kinds/setup.h"
#include "common/base/result.h"

namespace motley::agent {

/// What a plugin's program may use at most.
struct PluginLimits {
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;
  std::uint64_t output_bytes = 1 << 20;
  std::uint64_t open_files = 1024;
  std::chrono::milliseconds describe{10'000};
};

/// What a plugin is told about an instance, as a JSON object. With the values of secrets in it: only ever its standard
/// input. Pure. Errors: kInvalid (the config is no JSON object).
Result<std::string> PluginRequest(const KindSetup& setup, const Instance& instance, const std::string& state_folder);

/// Runs `file` with one argument, `verb`, and `request` on its standard input: as the agent's user, without new
/// privileges, in a process group of its own, within the limits; what it wrote to its standard output. `folder` is its
/// working folder and home. Blocks: workers only.
/// Errors: kTimeout, kInvalid (too much output), kUnavailable (exit code; with its last words), kNotFound.
Result<std::string> CallPlugin(const PluginFile& file, const std::string& verb, const std::string& request,
                               const std::string& folder, std::chrono::milliseconds deadline,
                               const PluginLimits& limits);

/// Asks a plugin what it is. Errors: as CallPlugin, kInvalid (its answer; it says another name than its file).
Result<PluginDescription> DescribePlugin(const std::string& name, const PluginFile& file, const std::string& folder,
                                         const PluginLimits& limits);

}  // namespace motley::agent
