// Starts programs as tests do and waits to be ended, or aborts. Each writes its number to a file of its name.
// Usage: leave-programs FOLDER abort|wait
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "common/base/result.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

std::vector<std::string> Sleeper(const std::string& file, std::vector<std::string> wrapper = {}) {
  // The number in the outermost namespace, which /proc still is of.
  const std::string script = "read pid rest < /proc/self/stat; echo $pid > $0.new; mv $0.new $0; exec sleep 600";
  wrapper.insert(wrapper.end(), {"/bin/bash", "-c", script, file});
  return wrapper;
}

int Run(const std::string& folder, std::string_view end) {
  std::vector<std::unique_ptr<Program>> programs;
  const auto start = [&](std::vector<std::string> command) {
    programs.push_back(Program::Start({std::move(command), {}, folder + "/output"}));
  };
  // By a thread that ends.
  std::thread([&] { start(Sleeper(folder + "/child")); }).join();
  start(Sleeper(folder + "/orphan", {"setsid", "--fork"}));
  start(Sleeper(folder + "/grandchild", {"unshare", "--mount", "--pid", "--fork"}));
  for (const char* name : {"child", "orphan", "grandchild"}) {
    CHECK(WaitFor([&] { return std::filesystem::exists(folder + "/" + name); }));
  }
  CHECK(programs[0]->Running());
  if (end == "abort") std::abort();
  std::filesystem::create_directory(folder + "/ready");
  for (;;) pause();
}

}  // namespace
}  // namespace motley::tests

int main(int argc, char** argv) { return argc == 3 ? motley::tests::Run(argv[1], argv[2]) : 2; }
