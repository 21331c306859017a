#include "agent/kinds/ssh_remote.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "agent/kinds/ssh_runs.h"
#include "agent/kinds/ssh_shell.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kShort = seconds(30);
// Beyond a program's own stop timeout.
constexpr milliseconds kStopSlack = seconds(30);
// The slowest line that an artifact is sent over.
constexpr std::uint64_t kSlowestBytesPerSecond = 20'000;
// Sent without asking whether it is there.
constexpr std::uint64_t kSmallBytes = 32 << 10;
constexpr std::uint64_t kScriptLimitBytes = 16 << 20;
constexpr int kLogLines = 5;

std::string SupervisorFile() { return ".supervise-" + Sha256(kRemoteSupervisor).substr(7, 16); }

// The call of a remote function.
std::string Call(std::string_view function, const std::vector<std::string>& arguments) {
  std::string text(function);
  for (const auto& argument : arguments) text += " " + ShellQuote(argument);
  return text + "\n";
}

std::string About(const Instance& instance) { return Call("about", {instance.application, instance.component.name()}); }

std::string InstallSupervisor() { return Call("install_supervisor", {std::string(kRemoteSupervisor)}); }

std::string Hex(const std::string& digest) { return digest.substr(digest.find(':') + 1); }

milliseconds SendingTime(std::uint64_t bytes) { return kShort + seconds(bytes / kSlowestBytesPerSecond); }

// "!<code> <message>" in the last line.
Error RemoteFailure(const std::string& output) {
  const auto line = output.rfind("\n!");
  const auto begin = line == std::string::npos ? 0 : line + 1;
  const auto space = output.find(' ', begin);
  if (!output.substr(begin).starts_with('!') || space == std::string::npos) {
    return {Code::kUnavailable, "failed without a reason"};
  }
  std::string message = output.substr(space + 1);
  message.erase(message.find_last_not_of(" \n") + 1);
  return {CodeFromName(output.substr(begin + 1, space - begin - 1)).value_or(Code::kUnavailable), message};
}

template <typename Number>
Number ToNumber(std::string_view text, int base = 10) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

struct Line {
  std::string_view word;
  std::string_view rest;
};

Line Split(std::string_view line) {
  const auto space = std::min(line.find(' '), line.size());
  return {line.substr(0, space), line.substr(std::min(space + 1, line.size()))};
}

void TakeLine(const Line& line, RemoteLook& look, std::string& status) {
  if (line.word == "now") look.now_ms = ToNumber<std::int64_t>(line.rest);
  if (line.word == "folder") look.has_folder = true;
  if (line.word == "supervisor") look.supervision.supervisor = ToNumber<pid_t>(line.rest);
  if (line.word == "program") look.has_program = true;
  if (line.word == "status") status += std::string(line.rest) + "\n";
  if (line.word == "log") look.log.emplace_back(line.rest);
  if (line.word == "record") {
    const auto equals = std::min(line.rest.find('='), line.rest.size());
    look.record[std::string(line.rest.substr(0, equals))] = line.rest.substr(std::min(equals + 1, line.rest.size()));
  }
  if (line.word == "file") {
    const Line mode = Split(line.rest);
    const bool plain = !mode.rest.empty();
    look.file = plain ? "file" : mode.word;
    if (plain) look.file_mode = ToNumber<unsigned>(mode.word, 8);
    const Line user = Split(mode.rest);
    const Line group = Split(user.rest);
    look.file_user = user.word;
    look.file_group = group.word;
    look.file_sha256 = group.rest;
  }
}

void Finish(RemoteLook& look, std::string& status) {
  look.supervision.has_status = ParseStatus(status, &look.supervision.status);
  status.clear();
}

}  // namespace

std::string RemoteLook::Recorded(const std::string& field) const {
  const auto found = record.find(field);
  return found == record.end() ? "" : found->second;
}

Result<std::vector<RemoteLook>> ParseLooks(std::string_view text, std::size_t count) {
  std::vector<RemoteLook> looks;
  std::string status;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const Line line = Split(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.word == "=") {
      if (!looks.empty()) Finish(looks.back(), status);
      if (line.rest == "end" && looks.size() == count) return looks;
      if (line.rest != std::to_string(looks.size())) break;
      looks.emplace_back();
    } else if (!looks.empty()) {
      TakeLine(line, looks.back(), status);
    }
  }
  return Error{Code::kCorrupt,
               "what it says about its components makes no sense; see whether its login shell's start "
               "files write something"};
}

RemoteHost::RemoteHost(SshClient client, v1::Host host, std::string gateway, ArtifactPath artifact)
    : client_(std::move(client)),
      host_(std::move(host)),
      gateway_(std::move(gateway)),
      artifact_(std::move(artifact)) {}

Result<std::string> RemoteHost::Do(const std::string& calls, milliseconds deadline, const std::string& input,
                                   const std::string& input_file) const {
  SshCommand command;
  command.script = "gateway=" + ShellQuote(gateway_) + "\nsupervisor_file=" + ShellQuote(SupervisorFile()) +
                   std::string(kRemoteLibrary) + calls;
  command.input = input;
  command.input_file = input_file;
  command.deadline = deadline;
  TRY_ASSIGN(CommandEnd end, client_.Run(host_, command));
  const std::string where = "ssh host \"" + host_.name() + "\"";
  if (end.code == kRemoteFailed) return RemoteFailure(end.output).While(where);
  if (end.code == 0) return std::move(end.output);
  return Error{Code::kUnavailable, where + ": its shell ended with code " + std::to_string(end.code) + ": " +
                                       end.LastWords() + "; it needs /bin/sh, /proc, coreutils, grep and sed"};
}

Result<std::vector<RemoteLook>> RemoteHost::Look(const std::vector<Instance>& instances) const {
  std::string calls;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const auto& component = instances[i].component;
    const bool executable = component.has_process() && component.process().has_artifact();
    calls += About(instances[i]) +
             Call("look", {std::to_string(i), component.file().path(),
                           executable ? ProgramFile(component.process().artifact()) : "", std::to_string(kLogLines)});
  }
  calls += "echo '= end'\n";
  TRY_ASSIGN(const std::string text, Do(calls, kShort));
  return ParseLooks(text, instances.size()).While("ssh host \"" + host_.name() + "\"");
}

Result<void> RemoteHost::Send(const v1::ArtifactRef& artifact) const {
  const std::string file = artifact_(artifact.digest());
  const std::string hex = Hex(artifact.digest());
  std::error_code error;
  const auto size_bytes = std::filesystem::file_size(file, error);
  if (error) return SystemError("read artifact " + file, error.value());
  // Over a slow line the host reads its copy faster than it gets a new one.
  TRY_ASSIGN(const std::string there, Do(Call("have_artifact", {hex}), SendingTime(size_bytes)));
  if (there == "yes\n") return {};
  TRY(Do(Call("take_artifact", {hex}), SendingTime(size_bytes), "", file));
  return {};
}

Result<void> RemoteHost::ApplyProcess(const Instance& instance) const {
  const auto& spec = instance.component.process();
  if (spec.has_artifact()) TRY(Send(spec.artifact()));
  const std::string artifact = spec.has_artifact() ? Hex(spec.artifact().digest()) : "";
  const std::string program = spec.has_artifact() ? ProgramFile(spec.artifact()) : "";
  const std::string record = "kind=process\ndigest=" + instance.digest + "\nartifact=" + artifact + "\n";
  const std::string calls = InstallSupervisor() + About(instance) +
                            Call("apply_process", {instance.digest, record, ProcessSettings(instance),
                                                   ProcessRun(gateway_, instance), artifact, program});
  // The stop timeout of the old version is not known here; it is hardly longer than a few minutes.
  TRY(Do(calls, kStopSlack + std::max<milliseconds>(StopTimeoutOf(spec), seconds(120))));
  return {};
}

Result<void> RemoteHost::RemoveProcess(const Instance& instance) const {
  TRY(Do(About(instance) + "remove_process\n",
         kStopSlack + std::max<milliseconds>(StopTimeoutOf(instance.component.process()), seconds(120))));
  return {};
}

Result<void> RemoteHost::ApplyFile(const Instance& instance) const {
  const auto& spec = instance.component.file();
  const std::string hex = Hex(spec.has_artifact() ? spec.artifact().digest() : Sha256(spec.content()));
  const std::string apply = About(instance) + Call("apply_file", {spec.path(), instance.digest, ModeText(spec), hex,
                                                                  spec.owner(), spec.group()});
  if (spec.has_artifact()) {
    TRY(Send(spec.artifact()));
    TRY(Do(apply, SendingTime(spec.artifact().size_bytes())));
    return {};
  }
  TRY(Do(Call("take_artifact", {hex}) + apply, SendingTime(spec.content().size()), spec.content()));
  return {};
}

Result<void> RemoteHost::RemoveFile(const Instance& instance) const {
  TRY(Do(About(instance) + "remove_file\n", kStopSlack));
  return {};
}

Result<void> RemoteHost::BeginScript(const Instance& instance, const std::string& run) const {
  const auto& spec = instance.component.script();
  std::string text = spec.apply();
  if (spec.has_artifact()) {
    TRY_ASSIGN(text, ReadFile(artifact_(spec.artifact().digest()), kScriptLimitBytes));
  }
  const std::string hex = Hex(Sha256(text));
  const std::string calls =
      InstallSupervisor() + Call("take_artifact", {hex}) + About(instance) +
      Call("install_script", {hex, spec.undo(), ScriptRun(gateway_, instance, spec.undo(), "undo")}) +
      Call("run_script",
           {ScriptRecordText({instance.digest, "applying", run, spec.undo().empty() ? "no" : "yes", spec.timeout_ms()}),
            ScriptSettings(run, spec.timeout_ms()), ScriptRun(gateway_, instance, text, "apply")});
  TRY(Do(calls, SendingTime(text.size()), text));
  return {};
}

Result<void> RemoteHost::BeginUndo(const Instance& instance, const RemoteLook& look, const std::string& run) const {
  RemoteScriptRecord record = ReadScriptRecord(look.record);
  record.phase = "undoing";
  record.run = run;
  const std::string calls = InstallSupervisor() + About(instance) + "run_script " +
                            ShellQuote(ScriptRecordText(record)) + " " +
                            ShellQuote(ScriptSettings(run, record.timeout_ms)) + " \"$(cat \"$folder/run-undo\")\"\n";
  TRY(Do(calls, kShort));
  return {};
}

Result<void> RemoteHost::NoteApplied(const Instance& instance, const RemoteLook& look) const {
  RemoteScriptRecord record = ReadScriptRecord(look.record);
  record.phase = "applied";
  TRY(Do(About(instance) + "put \"$folder/record\" " + ShellQuote(ScriptRecordText(record)) + "\n", kShort));
  return {};
}

Result<void> RemoteHost::Stop(const Instance& instance) const {
  TRY(Do(About(instance) + "stop\n", kStopSlack));
  return {};
}

Result<void> RemoteHost::Forget(const Instance& instance) const {
  TRY(Do(About(instance) + "sweep\nforget\n", kShort));
  return {};
}

Result<void> RemoteHost::Commit() const {
  TRY(Do("commit\n", kShort));
  return {};
}

}  // namespace motley::agent
