#include "tests/support/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/base/result.h"
#include "tests/support/folder.h"
#include "tests/support/keeper.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

[[noreturn]] void RunChild(const Program::Options& options, const std::string& mark) {
  setpgid(0, 0);
  const std::string& file = options.output_file.empty() ? "/dev/null" : options.output_file;
  const int out = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(open("/dev/null", O_RDONLY), 0);
  dup2(out, 1);
  dup2(out, 2);
  setenv(kMarkVariable, mark.c_str(), 1);
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : options.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

std::unique_ptr<Program> Program::Start(Options options) {
  std::unique_ptr<Program> program(new Program(options.output_file));
  const std::string& mark = ChildMark();
  program->pid_ = fork();
  CHECK(program->pid_ >= 0);
  if (program->pid_ == 0) RunChild(options, mark);
  return program;
}

Program::~Program() { Kill(); }

void Program::Signal(int signal) {
  if (!status_) kill(pid_, signal);
}

std::optional<int> Program::Wait(std::chrono::milliseconds patience) {
  WaitFor(
      [this] {
        int status = 0;
        if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
        return status_.has_value();
      },
      patience);
  return status_;
}

void Program::Kill() {
  if (status_) return;
  kill(pid_, SIGKILL);
  Wait();
}

std::string Program::Output() const {
  std::ifstream file(output_file_);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Finished RunProgram(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                    std::chrono::milliseconds patience) {
  TemporaryFolder folder;
  auto program = Program::Start({std::move(arguments), std::move(environment), folder / "output"});
  const std::optional<int> status = program->Wait(patience);
  int code = 255;
  if (status) code = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
  return {code, program->Output()};
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

std::string Built(const std::string& name) { return std::string(MOTLEY_BIN_DIR) + "/" + name; }

}  // namespace motley::tests
