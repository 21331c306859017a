#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/log/log.h"
#include "common/loop/loop.h"
#include "controller/catalog/catalog.h"
#include "controller/registry/registry.h"
#include "controller/rollout/rollout.h"
#include "controller/secrets/secrets.h"
#include "controller/store/store.h"
#include "tests/support/folder.h"

namespace motley::bench {
namespace {

template <typename T>
T Value(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message);
    std::exit(ExitCode(result.error().code));
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

double ThreadMs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double WallMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

/// The longest time for which the loop did not come to anything else.
class Pulse {
 public:
  explicit Pulse(Loop& loop) : loop_(loop) { Beat(); }

  void Reset() {
    wall_ms_ = WallMs();
    cpu_ms_ = ThreadMs();
    longest_wall_ms = longest_cpu_ms = 0;
  }

  double longest_wall_ms = 0;
  double longest_cpu_ms = 0;

 private:
  void Beat() {
    const double wall_ms = WallMs();
    const double cpu_ms = ThreadMs();
    longest_wall_ms = std::max(longest_wall_ms, wall_ms - wall_ms_);
    longest_cpu_ms = std::max(longest_cpu_ms, cpu_ms - cpu_ms_);
    wall_ms_ = wall_ms;
    cpu_ms_ = cpu_ms;
    loop_.Post([this] { Beat(); });
  }

  Loop& loop_;
  double wall_ms_ = WallMs();
  double cpu_ms_ = ThreadMs();
};

v1::Context ContextOf(int number) {
  v1::Context context;
  context.set_arch(number % 3 == 0 ? "arm64" : "amd64");
  context.set_os("debian");
  context.set_memory_mb(256U << number % 6);
  return context;
}

/// As if all of them had enrolled and been told to run a version before.
void Fill(controller::Store& store, int gateways) {
  const auto fill = [&]() -> Result<void> {
    for (int i = 0; i < gateways; ++i) {
      v1::Gateway gateway;
      gateway.set_id(fmt::format("gw-{:07}", i));
      (*gateway.mutable_tags())["site"] = fmt::format("site-{}", i % 40);
      (*gateway.mutable_tags())["environment"] = i % 10 == 0 ? "staging" : "production";
      TRY_ASSIGN(const std::int64_t number, store.gateways().Insert(gateway, 0));
      TRY(store.gateways().SetEnrolled(number, Sha256(gateway.id()), ContextOf(i), 1'700'000'000'000'000));
      // One in a thousand has come since.
      if (i % 1000 == 0) continue;
      v1::DesiredState desired;
      desired.set_gateway(gateway.id());
      desired.set_revision(1);
      v1::DesiredApplication& application = *desired.add_applications();
      application.set_application("greeter");
      application.set_version("1.0.0");
      application.set_variant(fmt::format("v{}", i % 6));
      TRY(store.gateways().SetDesired(number, desired));
    }
    return {};
  };
  Value(store.Atomically(fill));
}

v1::Release MakeRelease(controller::Catalog& catalog, const std::string& version) {
  const std::string bytes = "program " + version;
  const std::string file = catalog.incoming_folder() + "/upload";
  Value(WriteFileAtomically(file, bytes, 0644));
  v1::Release release;
  release.set_application("greeter");
  release.set_version(version);
  *release.add_artifacts() = Value(catalog.Add(file, Sha256(bytes), bytes.size(), "greeter"));
  for (int i = 0; i < 6; ++i) {
    v1::Variant& variant = *release.add_variants();
    variant.set_name(fmt::format("v{}", i));
    variant.set_when(fmt::format("memory_mb >= {}", 256U << i));
    variant.set_prefer(i);
    v1::Component& component = *variant.mutable_model()->add_components();
    component.set_name("greeter");
    *component.mutable_process()->mutable_artifact() = release.artifacts(0);
    component.mutable_process()->add_command(fmt::format("--size={}", i));
  }
  release.set_rules("- {balance: [v3, v4], within: tags.site, weight: 3}\n- {keep: 2}\n");
  return release;
}

/// A controller without a broker.
class Controller {
 public:
  explicit Controller(int gateways) {
    store_ = Value(controller::Store::Open(folder_ / "controller.db"));
    Fill(*store_, gateways);
    catalog_ = Value(controller::Catalog::Create(*loop_, *store_, folder_ / "artifacts"));
    for (const char* version : {"1.0.0", "2.0.0"}) Value(catalog_->PushRelease(MakeRelease(*catalog_, version)));
    registry_ = Value(controller::Registry::Create(*loop_, *store_, {.broker_url = "mqtt://127.0.0.1:1883"}));
    secrets_ = Value(controller::Secrets::Create(*loop_, *store_, *registry_));
    rollout_ = Value(controller::Rollout::Create(*loop_, *store_, *catalog_, *registry_, *secrets_));
  }

  void Measure(const std::string& name, const v1::ProposePlanRequest& request) {
    answer_ = v1::Plan();
    double asking_ms = 0;
    const double start_ms = WallMs();
    loop_->Post([&] {
      pulse_.Reset();
      const double before_ms = ThreadMs();
      rollout_->Propose(request, [&](Result<v1::Plan> plan) {
        if (!plan) fmt::print("{}: {}\n", name, plan.error().message);
        // What becomes of it, and freeing it, are not measured.
        if (plan) answer_ = *std::move(plan);
        // The pause that this is a part of is over with the next beat but one.
        loop_->Post([&] { loop_->Post([&] { loop_->Stop(); }); });
      });
      asking_ms = ThreadMs() - before_ms;
    });
    loop_->Run();
    fmt::print("| {} | {:.1f} | {:.1f} | {:.1f} | {:.2f} |\n", name, asking_ms, pulse_.longest_cpu_ms,
               pulse_.longest_wall_ms, (WallMs() - start_ms) / 1000);
    std::fflush(stdout);
  }

 private:
  tests::TemporaryFolder folder_;
  v1::Plan answer_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  Pulse pulse_{*loop_};
  std::unique_ptr<controller::Store> store_;
  std::unique_ptr<controller::Catalog> catalog_;
  std::unique_ptr<controller::Registry> registry_;
  std::unique_ptr<controller::Secrets> secrets_;
  std::unique_ptr<controller::Rollout> rollout_;
};

void Run(int gateways) {
  Controller controller(gateways);
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.set_version("1.0.0");
  v1::ProposePlanRequest join = request;
  for (int i = 0; i < 10; ++i) join.mutable_join()->add_gateways(fmt::format("gw-{:07}", i * 1000 % gateways));
  v1::ProposePlanRequest all = request;
  all.set_version("2.0.0");
  fmt::print(
      "| plan for {} gateways | question ms | longest pause, CPU ms | longest pause ms | all in all s |\n"
      "| --- | --- | --- | --- | --- |\n",
      gateways);
  for (int i = 0; i < 2; ++i) controller.Measure("10 that join", join);
  for (int i = 0; i < 2; ++i) controller.Measure("all", all);
}

}  // namespace
}  // namespace motley::bench

int main(int argc, char** argv) {
  const long gateways = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1'000'000;
  if (gateways < 10'000 || gateways > 4'000'000) {
    fmt::print(stderr, "usage: bench-plan [GATEWAYS (10000 to 4000000; default: 1000000)]\n");
    return motley::ExitCode(motley::Code::kInvalid);
  }
  motley::bench::Run(static_cast<int>(gateways));
  return 0;
}
