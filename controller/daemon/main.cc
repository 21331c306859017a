#include <fmt/format.h>

#include "common/log/log.h"
#include "controller/daemon/config.h"
#include "controller/daemon/daemon.h"

namespace {

int Fail(const motley::Error& error) {
  fmt::print(stderr, "motley-controller: error: {}\n", error.message);
  return motley::ExitCode(error.code);
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto config = motley::controller::ReadConfig(argc, argv, &exit_code);
  if (!config) return exit_code;
  if (auto started = motley::StartLog(config->log_level); !started) return Fail(started.error());
  const auto loop = motley::EventLoop::Create();
  auto daemon = motley::controller::Daemon::Create(*loop, *config);
  if (!daemon) return Fail(daemon.error());
  loop->Run();
  (*daemon)->Stop();
  return 0;
}
