#include "agent/health/probe.h"

#include <unistd.h>

#include <optional>

#include "agent/exec/command.h"
#include "agent/health/connect.h"
#include "agent/health/health_state.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/http/status.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kScriptLimitBytes = 1 << 20;
constexpr std::uint64_t kOutputLimitBytes = 64 << 10;
// Beyond the script's own timeout, which the other machine sees to: for the way there and back.
constexpr std::chrono::milliseconds kConnectSlack{10'000};

Result<void> ProbeHttp(const v1::HealthCheck& check) {
  TRY_ASSIGN(const int status, AskForStatus(check.http().url(), TimeoutOf(check)));
  const auto wanted = static_cast<int>(check.http().status());
  if (wanted != 0 ? status == wanted : status >= 200 && status < 400) return {};
  return Error{Code::kUnavailable, check.http().url() + " answered with status " + std::to_string(status) +
                                       " instead of " +
                                       (wanted != 0 ? std::to_string(wanted) : std::string("one from 200 to 399"))};
}

Result<void> ProbeTcp(const v1::HealthCheck& check) {
  const auto& tcp = check.tcp();
  return TryToConnect(tcp.address().empty() ? "127.0.0.1" : tcp.address(), tcp.port(), TimeoutOf(check));
}

Result<std::string> TextOf(const ProbeSetup& setup, const v1::ScriptCheck& script) {
  if (!script.has_artifact()) return script.content();
  return ReadFile(setup.artifact(script.artifact().digest()), kScriptLimitBytes).While("health script");
}

Result<void> Judge(const CommandEnd& end) {
  if (end.code == 0) return {};
  std::string message = "the script ended with code " + std::to_string(end.code);
  if (const auto words = end.LastWords(); !words.empty()) message += ": " + words;
  return Error{Code::kUnavailable, std::move(message)};
}

// The file of a text is written once: checks come every few seconds, and flash memory wears.
Result<std::string> FileOf(const std::string& folder, const std::string& text) {
  const std::string path = folder + "/" + Sha256(text).substr(7);
  if (access(path.c_str(), F_OK) == 0) return path;
  TRY(MakeFolder(folder, 0700));
  TRY(WriteFileAtomically(path, text, 0600));
  return path;
}

Result<void> RunHere(const ProbeSetup& setup, const v1::HealthCheck& check, const std::string& text) {
  TRY_ASSIGN(const std::string path, FileOf(setup.work_folder, text));
  Command command;
  command.arguments = InterpreterOf(text);
  command.arguments.push_back(path);
  command.arguments.push_back(check.script().endpoint());
  command.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"};
  command.deadline = TimeoutOf(check);
  command.output_limit_bytes = kOutputLimitBytes;
  TRY_ASSIGN(const CommandEnd end, RunCommand(command));
  return Judge(end);
}

// 255 is ssh's own, so a script that ends with it ends with 254.
constexpr std::string_view kRunThere = R"(
umask 077
file=$(mktemp) || exit 1
trap 'rm -f "$file"' EXIT
cat > "$file"
set -- "$@" "$file" "$endpoint"
if timeout 1 true 2>/dev/null; then set -- timeout "$limit" "$@"; fi
"$@" < /dev/null
code=$?
if [ "$code" -eq 124 ]; then echo "it did not end within $limit s"; fi
if [ "$code" -eq 255 ]; then code=254; fi
exit "$code"
)";

Result<void> RunThere(const ProbeSetup& setup, const ProbeTarget& target, const std::string& text) {
  const auto timeout = TimeoutOf(target.check);
  const auto limit_s = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  SshCommand command;
  command.script =
      "endpoint=" + ShellQuote(target.check.script().endpoint()) + "\nlimit=" + std::to_string(limit_s) + "\nset --";
  for (const auto& word : InterpreterOf(text)) command.script += " " + ShellQuote(word);
  command.script += kRunThere;
  command.input = text;
  command.deadline = timeout + kConnectSlack;
  command.output_limit_bytes = kOutputLimitBytes;
  TRY_ASSIGN(const CommandEnd end, setup.ssh.Run(target.host, command));
  return Judge(end);
}

Result<void> ProbeByScript(const ProbeSetup& setup, const ProbeTarget& target) {
  TRY_ASSIGN(const std::string text, TextOf(setup, target.check.script()));
  if (text.find('\0') != std::string::npos || target.check.script().endpoint().find('\0') != std::string::npos) {
    return Error{Code::kInvalid, "the health script or its endpoint holds a NUL byte; take it out"};
  }
  if (target.host.has_ssh()) return RunThere(setup, target, text);
  return RunHere(setup, target.check, text);
}

}  // namespace

Result<void> Probe(const ProbeSetup& setup, const ProbeTarget& target) {
  switch (target.check.check_case()) {
    case v1::HealthCheck::kHttp:
      return ProbeHttp(target.check);
    case v1::HealthCheck::kTcp:
      return ProbeTcp(target.check);
    case v1::HealthCheck::kScript:
      return ProbeByScript(setup, target);
    case v1::HealthCheck::CHECK_NOT_SET:
      break;
  }
  return {};
}

}  // namespace motley::agent
