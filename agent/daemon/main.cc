#include <malloc.h>

#include <cstdio>
#include <cstdlib>

#include "agent/daemon/agent.h"
#include "agent/daemon/config.h"
#include "agent/flash/board_list.h"
#include "common/log/log.h"

namespace {

int Fail(const motley::Error& error) {
  std::fprintf(stderr, "motley-agent: error: %s\n", error.message.c_str());
  return motley::ExitCode(error.code);
}

}  // namespace

int main(int argc, char** argv) {
  // Else each worker's thread keeps a heap of its own, and what it once needed for good.
  mallopt(M_ARENA_MAX, 1);
  int exit_code = EXIT_SUCCESS;
  auto config = motley::agent::ReadConfig(argc, argv, &exit_code);
  if (!config) return exit_code;
  if (config->boards) {
    const auto listed = motley::agent::ListBoards(config->boards_folder, config->boards->check_file);
    if (!listed) return Fail(listed.error());
    std::fputs(listed->c_str(), stdout);
    return EXIT_SUCCESS;
  }
  if (auto log = motley::StartLog(config->log_level); !log) return Fail(log.error());

  const auto loop = motley::EventLoop::Create();
  auto agent = motley::agent::Agent::Create(*loop, *std::move(config));
  if (!agent) return Fail(agent.error());
  (*agent)->Start();
  loop->Run();
  (*agent)->Close();
  return (*agent)->failure() ? EXIT_SUCCESS : Fail((*agent)->failure().error());
}
