#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "common/log/log.h"
#include "tools/swarm/control.h"
#include "tools/swarm/options.h"
#include "tools/swarm/progress.h"
#include "tools/swarm/swarm.h"

namespace {

using motley::Result;

int Fail(const motley::Error& error) {
  std::fprintf(stderr, "motley-swarm: error: %s\n", error.message.c_str());
  return motley::ExitCode(error.code);
}

/// Each gateway is a connection.
void AllowAllOpenFiles() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

Result<void> Run(const motley::swarm::Options& options) {
  TRY(motley::StartLog(options.log_level));
  TRY_ASSIGN(const motley::HttpClientOptions controller, motley::cli::LocateController(options.location));
  std::vector<motley::Attributes> machines;
  if (!options.fleet_file.empty()) {
    TRY_ASSIGN(machines, motley::swarm::ReadMachines(options.fleet_file));
  }
  const auto loop = motley::EventLoop::Create();
  motley::swarm::Swarm swarm(*loop, options, controller);
  TRY_ASSIGN(const auto control,
             motley::swarm::Control::Create(*loop, options.control_socket,
                                            [&swarm](const std::string& line) { return swarm.Obey(line); }));
  TRY(swarm.Join(std::move(machines)));
  swarm.Join(options.gateways);
  {
    const motley::swarm::Progress progress(*loop, swarm);
    loop->Run();
  }
  swarm.Close([&loop] { loop->Stop(); });
  loop->Run();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = EXIT_SUCCESS;
  const auto line = motley::swarm::ReadCommandLine(argc, argv, &exit_code);
  if (!line) return exit_code;
  // A reader of orders' answers may have gone.
  std::signal(SIGPIPE, SIG_IGN);
  if (line->order) {
    const auto answer = motley::swarm::Tell(line->swarm.control_socket, *line->order);
    if (!answer) return Fail(answer.error());
    std::printf("%s\n", answer->c_str());
    return EXIT_SUCCESS;
  }
  AllowAllOpenFiles();
  const auto done = Run(line->swarm);
  return done ? EXIT_SUCCESS : Fail(done.error());
}
