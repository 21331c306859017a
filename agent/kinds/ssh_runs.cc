#include "agent/kinds/ssh_runs.h"

#include <algorithm>
#include <cstdio>

#include "agent/kinds/ssh_client.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using Variables = google::protobuf::Map<std::string, std::string>;

constexpr milliseconds kDefaultStopTimeout{5000};
constexpr std::uint32_t kDefaultTimeLimitMs = 60000;
constexpr unsigned kDefaultMode = 0644;
// Of 1 KiB at most, and two files of so many.
constexpr int kLogBlocks = 512;
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
constexpr std::string_view kDigits = "0123456789";

const char* RestartName(v1::ProcessSpec::Restart restart) {
  switch (restart) {
    case v1::ProcessSpec::RESTART_ON_FAILURE:
      return "on-failure";
    case v1::ProcessSpec::RESTART_NEVER:
      return "never";
    default:
      return "always";
  }
}

std::string Settings(const std::string& instance, const char* restart, milliseconds stop_timeout, milliseconds limit) {
  return "instance=" + ShellQuote(instance) + "\nrestart=" + restart +
         "\nstop_timeout_ms=" + std::to_string(stop_timeout.count()) +
         "\nlimit_s=" + std::to_string(std::chrono::ceil<std::chrono::seconds>(limit).count()) +
         "\nlog_blocks=" + std::to_string(kLogBlocks) + "\n";
}

std::string Export(const std::string& name, const std::string& value) {
  return "export " + name + "=" + ShellQuote(value) + "\n";
}

// All up to the program. `set` keeps the component's folder where no variable of the model can be in its way.
std::string Prologue(const std::string& gateway, const Instance& instance, const Variables& variables) {
  std::string text =
      "cd work || exit 127\n"
      "umask 027\n"
      "set -- \"${PWD%/work}\"\n"
      "unset OLDPWD\n"
      "export HOME=\"$PWD\" LANG=C.UTF-8 TMPDIR=/tmp\n";
  if (const auto memory_mb = instance.component.limits().memory_mb(); memory_mb != 0) {
    text += "ulimit -v " + std::to_string(memory_mb * 1024) + " || exit 127\n";
  }
  const std::map<std::string, std::string> sorted(variables.begin(), variables.end());
  for (const auto& [name, value] : sorted) text += Export(name, value);
  text += Export("MOTLEY_GATEWAY", gateway) + Export("MOTLEY_APPLICATION", instance.application) +
          Export("MOTLEY_COMPONENT", instance.component.name());
  return text;
}

}  // namespace

std::string ProgramFile(const v1::ArtifactRef& artifact) {
  const std::string& path = artifact.name();
  std::string name = path.substr(path.rfind('/') + 1);
  for (char& c : name) {
    const bool plain = kLetters.find(c) != std::string_view::npos || kDigits.find(c) != std::string_view::npos ||
                       c == '.' || c == '-' || c == '+';
    if (!plain) c = '_';
  }
  if (name.empty() || name.front() == '.' || name.front() == '-') name = "program" + name;
  return name.substr(0, 128);
}

milliseconds StopTimeoutOf(const v1::ProcessSpec& spec) {
  return spec.stop_timeout_ms() != 0 ? milliseconds(spec.stop_timeout_ms()) : kDefaultStopTimeout;
}

unsigned ModeOf(const v1::FileSpec& spec) { return spec.mode() != 0 ? spec.mode() : kDefaultMode; }

std::string ModeText(const v1::FileSpec& spec) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", ModeOf(spec));
  return text;
}

milliseconds TimeLimitOf(std::uint32_t timeout_ms) {
  return milliseconds(timeout_ms != 0 ? timeout_ms : kDefaultTimeLimitMs);
}

std::string ProcessSettings(const Instance& instance) {
  const auto& spec = instance.component.process();
  return Settings(instance.digest, RestartName(spec.restart()), StopTimeoutOf(spec), milliseconds(0));
}

std::string ScriptSettings(const std::string& run, std::uint32_t timeout_ms) {
  return Settings(run, "never", kDefaultStopTimeout, TimeLimitOf(timeout_ms));
}

std::string ProcessRun(const std::string& gateway, const Instance& instance) {
  const auto& spec = instance.component.process();
  std::string text = Prologue(gateway, instance, spec.environment()) + "exec";
  if (spec.has_artifact()) text += " \"$1\"/bin/" + ShellQuote(ProgramFile(spec.artifact()));
  for (const auto& word : spec.command()) text += " " + ShellQuote(word);
  return text + "\n";
}

std::string ScriptRun(const std::string& gateway, const Instance& instance, const std::string& text,
                      const std::string& file) {
  std::string run = Prologue(gateway, instance, instance.component.script().environment()) + "exec";
  for (const auto& word : InterpreterOf(text)) run += " " + ShellQuote(word);
  return run + " \"$1\"/" + file + "\n";
}

std::string ScriptRecordText(const RemoteScriptRecord& record) {
  return "kind=script\ndigest=" + record.digest + "\nphase=" + record.phase + "\nrun=" + record.run +
         "\nhas_undo=" + record.has_undo + "\ntimeout_ms=" + std::to_string(record.timeout_ms) + "\n";
}

RemoteScriptRecord ReadScriptRecord(const std::map<std::string, std::string>& fields) {
  const auto value = [&fields](const char* name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  };
  return {value("digest"), value("phase"), value("run"), value("has_undo"),
          static_cast<std::uint32_t>(std::strtoul(value("timeout_ms").c_str(), nullptr, 10))};
}

Result<void> CheckShellVariables(const Variables& variables) {
  for (const auto& [name, value] : variables) {
    const bool fits = !name.empty() && kLetters.find(name.front()) != std::string_view::npos &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                        return kLetters.find(c) != std::string_view::npos || kDigits.find(c) != std::string_view::npos;
                      });
    if (!fits) {
      return Error{Code::kInvalid, "environment variable \"" + name +
                                       "\": on an ssh host a name has letters, digits and \"_\" and no digit in front"};
    }
    if (value.find('\0') != std::string::npos) {
      return Error{Code::kInvalid, "environment variable \"" + name + "\": its value holds a NUL byte; take it out"};
    }
  }
  return {};
}

}  // namespace motley::agent
