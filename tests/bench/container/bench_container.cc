// Measures how long a container takes to start through the kind `container`, beside the engine's own client on the same
// image in the same run, for Docker and for Podman. As root. Run: bench-container [RUNS]
//
// What is timed ends when the container runs: for the kind at the end of Apply, for the clients at the end of
// `run --detach`. `podman run` is the local one, without the service, as people use it.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "agent/kinds/container.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/loop/loop.h"
#include "tests/support/container_engine.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

using std::chrono::steady_clock;

constexpr const char* kImage = "localhost/bench:1";
constexpr std::chrono::seconds kPatience{120};

double Milliseconds(steady_clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double Spread(const std::vector<double>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return *most - *least;
}

/// The kind at one engine, with calls that block.
class Subject {
 public:
  explicit Subject(ContainerEngine& engine) {
    CHECK(MakeFolder(folder_ / "state"));
    agent::KindSetup setup;
    setup.state_folder = folder_ / "state";
    setup.gateway = "bench";
    kind_ = std::make_unique<agent::ContainerKind>(*loop_, setup, agent::SshClient(folder_ / "ssh"), engine.socket());
  }

  double Start(int number) {
    agent::Instance instance;
    instance.application = "bench";
    instance.component.set_name("c" + std::to_string(number));
    auto* spec = instance.component.mutable_container();
    spec->set_image(kImage);
    spec->set_network("none");
    // For taking them away between the runs.
    spec->set_stop_timeout_ms(1000);
    instance.digest = Sha256(instance.component.SerializeAsString());
    bool ended = false;
    const auto begun = steady_clock::now();
    steady_clock::time_point end;
    kind_->Apply(instance, [&](const Result<void>& applied) {
      end = steady_clock::now();
      if (!applied) fmt::print(stderr, "{}\n", applied.error().message);
      CHECK(applied);
      ended = true;
    });
    CHECK(RunUntil(
        *loop_, [&] { return ended; }, kPatience));
    return Milliseconds(end - begun);
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  std::unique_ptr<agent::ContainerKind> kind_;
};

double StartByClient(const std::vector<std::string>& command) {
  const TemporaryFolder folder;
  const auto begun = steady_clock::now();
  auto program = Program::Start({command, {}, folder / "output"});
  // Program::Wait looks every 2 ms.
  const auto status = program->Wait(kPatience);
  const auto end = steady_clock::now();
  if (!status || *status != 0) fmt::print(stderr, "{}\n", program->Output());
  CHECK(status && *status == 0);
  return Milliseconds(end - begun);
}

void Measure(EngineType type, const char* name, int runs) {
  ContainerEngine engine(type);
  const TemporaryFolder folder;
  WriteImageArchive({.name = kImage, .command = {"sleep", "100000"}, .health = {}}, folder / "image.tar");
  CHECK(agent::DockerEngine(engine.socket()).Load(folder / "image.tar"));
  Subject subject(engine);
  // The same limits that the kind sets, without which Podman starts nothing where descriptors are capped.
  const std::vector<std::string> plain =
      engine.LocalCommand({"run", "--detach", "--network", "none", "--stop-timeout", "1", "--ulimit",
                           "nofile=1024:4096", "--ulimit", "nproc=4096:4096", kImage});
  std::vector<double> by_kind;
  std::vector<double> by_client;
  // The first of each is not counted. In turns, so that what else the machine does meets both alike.
  for (int i = 0; i <= runs; ++i) {
    const double client = StartByClient(plain);
    const double kind = subject.Start(i);
    if (i > 0) by_client.push_back(client);
    if (i > 0) by_kind.push_back(kind);
    if (i % 5 == 4) engine.RemoveAllContainers();
  }
  fmt::print(
      "{:7} kind {:6.1f} ms (spread {:6.1f})   {} run {:6.1f} ms (spread {:6.1f})   ratio {:.2f}   {} runs each\n",
      name, Median(by_kind), Spread(by_kind), name, Median(by_client), Spread(by_client),
      Median(by_kind) / Median(by_client), runs);
}

}  // namespace
}  // namespace motley::tests

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
  motley::tests::Measure(motley::tests::EngineType::kPodman, "podman", runs);
  motley::tests::Measure(motley::tests::EngineType::kDocker, "docker", runs);
  return 0;
}
