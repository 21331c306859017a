#include "agent/kinds/container_engine.h"

#include <algorithm>

#include "common/log/log.h"

namespace motley::agent {
namespace {

// Pulls, loads and stops of so many components at a time; more would only wait for the same disk and line.
constexpr std::size_t kActors = 3;
constexpr std::chrono::milliseconds kConnectPatience{20'000};

constexpr std::string_view kFindSocket =
    "for s in /run/docker.sock /var/run/docker.sock /run/podman/podman.sock; do\n"
    "  if [ -S \"$s\" ]; then echo \"$s\"; exit 0; fi\n"
    "done\n"
    "exit 1\n";

Result<std::string> FindRemoteSocket(const SshClient& ssh, const v1::Host& host) {
  SshCommand command;
  command.script = kFindSocket;
  command.deadline = kConnectPatience;
  TRY_ASSIGN(const CommandEnd end, ssh.Run(host, command));
  if (end.code == 0) return end.output.substr(0, end.output.find('\n'));
  return Error{Code::kUnavailable, "host \"" + host.name() +
                                       "\" has no container engine's socket at a usual place; install " +
                                       "docker.io or podman there, or set the socket of the container engine"};
}

Result<std::shared_ptr<SshForward>> MakeForward(const SshClient& ssh, const v1::Host& host, std::string socket) {
  if (socket.empty()) {
    TRY_ASSIGN(socket, FindRemoteSocket(ssh, host));
  }
  TRY_ASSIGN(auto forward, ssh.Forward(host, socket, kConnectPatience));
  return std::shared_ptr<SshForward>(std::move(forward));
}

}  // namespace

std::string ContainerEngine::LabelOf(const std::optional<v1::Host>& host, const std::string& socket) {
  return (host ? "host " + host->name() : std::string("gateway")) + ":" + socket;
}

ContainerEngine::ContainerEngine(Loop& loop, const KindSetup& setup, SshClient ssh, std::optional<v1::Host> host,
                                 std::string socket)
    : setup_(setup),
      ssh_(std::move(ssh)),
      label_(LabelOf(host, socket)),
      socket_(std::move(socket)),
      host_(std::move(host)),
      looks_(loop, "container") {
  for (std::size_t i = 0; i < kActors; ++i) actors_.push_back({std::make_unique<Worker>(loop, "container-act"), 0});
}

void ContainerEngine::SetHost(const v1::Host& host) {
  if (!host_ || host_->SerializeAsString() == host.SerializeAsString()) return;
  host_ = host;
  forward_.reset();
}

void ContainerEngine::Connect(Connected next) {
  if (!host_) return next(Way{socket_, nullptr});
  if (forward_ && forward_->Alive()) return next(Way{forward_->socket(), forward_});
  waiting_.push_back(std::move(next));
  if (waiting_.size() > 1) return;
  looks_.Run(
      [ssh = ssh_, host = *host_, socket = socket_] { return MakeForward(ssh, host, socket); },
      [this](Result<std::shared_ptr<SshForward>> forward) {
        Result<Way> way = forward ? Result<Way>(Way{(*forward)->socket(), *forward}) : Result<Way>(forward.error());
        forward_ = forward ? *forward : nullptr;
        for (const Connected& waiting : std::exchange(waiting_, {})) waiting(way);
      });
}

void ContainerEngine::Act(std::function<Result<void>(ContainerActions&)> job, std::function<void(Result<void>)> done) {
  if (!cleaning_) return ActNow(std::move(job), std::move(done));
  after_cleaning_.push_back([this, job = std::move(job), done = std::move(done)] { ActNow(job, done); });
}

void ContainerEngine::ActNow(std::function<Result<void>(ContainerActions&)> job,
                             std::function<void(Result<void>)> done) {
  Connect([this, job = std::move(job), done = std::move(done)](Result<Way> way) {
    if (!way) return done(std::move(way).error());
    const auto actor = std::min_element(actors_.begin(), actors_.end(),
                                        [](const Actor& a, const Actor& b) { return a.pending < b.pending; });
    ++actor->pending;
    actor->worker->Run([setup = setup_, label = label_, way = *way, job] { return At(setup, label, way, job); },
                       [actor = &*actor, done](Result<void> result) {
                         --actor->pending;
                         done(std::move(result));
                       });
  });
}

void ContainerEngine::Clean(const std::function<std::set<std::string>()>& busy) {
  if (cleaning_) return;
  cleaning_ = true;
  Connect([this, busy](const Result<Way>& way) {
    const auto finish = [this](const Result<void>& cleaned) {
      if (!cleaned) {
        LogWarning("what was set aside at the container engine of {} stays until the next deployment: {}", label_,
                   cleaned.error().message);
      }
      cleaning_ = false;
      for (const auto& waiting : std::exchange(after_cleaning_, {})) waiting();
    };
    if (!way) return finish(way.error());
    actors_.front().worker->Run(
        [setup = setup_, label = label_, way = *way, keys = busy()] {
          return At<void>(setup, label, way, [keys](ContainerActions& actions) { return actions.Clean(keys); });
        },
        finish);
  });
}

}  // namespace motley::agent
