#include "agent/kinds/ssh_client.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "agent/kinds/ssh_forward.h"
#include "agent/kinds/ssh_options.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr int kSshFailed = 255;
// Two cats before ssh, for a file that comes after the input without being held in memory.
constexpr const char* kWithFile = "{ cat && cat < \"$0\"; } | exec \"$@\"";

Result<void> WriteUnlessThere(const std::string& path, const std::string& content) {
  struct stat found {};
  if (stat(path.c_str(), &found) == 0) return {};
  return WriteFileAtomically(path, content, 0600);
}

}  // namespace

std::string ShellQuote(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::vector<std::string> InterpreterOf(const std::string& text) {
  constexpr std::string_view kBlanks = " \t";
  if (!text.starts_with("#!")) return {"/bin/sh"};
  std::string line = text.substr(2, text.find('\n') - 2);
  if (line.ends_with('\r')) line.pop_back();
  const auto begin = line.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return {"/bin/sh"};
  const auto end = line.find_first_of(kBlanks, begin);
  std::vector<std::string> words = {line.substr(begin, end - begin)};
  const auto argument = line.find_first_not_of(kBlanks, end);
  if (end == std::string::npos || argument == std::string::npos) return words;
  words.push_back(line.substr(argument, line.find_last_not_of(kBlanks) + 1 - argument));
  return words;
}

Result<void> SshClient::Check(const v1::Host& host) { return CheckSshHost(host); }

Result<std::string> SshClient::Prepare(const v1::Host& host) const {
  TRY(CheckSshHost(host));
  std::string folder = folder_ + "/" + SshFolderName(host);
  TRY(MakeFolder(folder, 0700));
  TRY(WriteUnlessThere(folder + "/" + kKnownHostsFile, KnownHostsText(host)));
  const std::string key = folder + "/" + kKeyFile;
  TRY(WriteUnlessThere(key, KeyText(host)));
  // Says to Tidy that it is in use.
  utimensat(AT_FDCWD, key.c_str(), nullptr, 0);
  return folder;
}

Result<CommandEnd> SshClient::Run(const v1::Host& host, const SshCommand& command) const {
  CHECK(command.script.find('\0') == std::string::npos);
  Command ssh;
  TRY_ASSIGN(ssh.working_folder, Prepare(host));
  if (!command.input_file.empty()) ssh.arguments = {"/bin/sh", "-c", kWithFile, command.input_file};
  for (auto& argument : SshArguments(host, Sharing::kShared, {})) ssh.arguments.push_back(std::move(argument));
  ssh.arguments.push_back(RemoteCommand(command.script.size()));
  ssh.environment = SshEnvironment();
  ssh.input = command.script + command.input;
  ssh.deadline = command.deadline;
  ssh.output_limit_bytes = command.output_limit_bytes;
  auto end = RunCommand(ssh);
  if (!end && end.error().code == Code::kTimeout) {
    return Error{Code::kTimeout, HostText(host) + " did not answer within " + std::to_string(command.deadline.count()) +
                                     " ms; see whether it is overloaded or the line to it is bad"};
  }
  if (!end) return std::move(end).error().While(HostText(host));
  if (end->code == kSshFailed) return SshFailure(host, end->error_output);
  return end;
}

Result<std::unique_ptr<SshForward>> SshClient::Forward(const v1::Host& host, const std::string& remote_socket,
                                                       std::chrono::milliseconds deadline) const {
  TRY_ASSIGN(const std::string folder, Prepare(host));
  return StartForward(host, folder, remote_socket, deadline);
}

void SshClient::Tidy(std::chrono::seconds age) const {
  const auto oldest = fs::file_time_type::clock::now() - age;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const auto used = fs::last_write_time(entry.path() / kKeyFile, error);
    if (!error && used < oldest) fs::remove_all(entry.path(), error);
  }
}

}  // namespace motley::agent
