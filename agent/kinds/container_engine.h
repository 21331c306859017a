#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/kinds/container_actions.h"
#include "agent/kinds/setup.h"
#include "agent/kinds/ssh_client.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// One engine that the kind `container` works with: the way to it, and the workers that wait for it. Loop thread only.
class ContainerEngine {
 public:
  /// `host` is the ssh host that it runs on, unset for the gateway; `socket` its path there, empty on an ssh host for
  /// the usual one.
  ContainerEngine(Loop& loop, const KindSetup& setup, SshClient ssh, std::optional<v1::Host> host, std::string socket);

  /// What tells engines apart: the host and the socket.
  static std::string LabelOf(const std::optional<v1::Host>& host, const std::string& socket);

  /// The same host with another address or other keys: the next connection is made with these.
  void SetHost(const v1::Host& host);

  /// Runs `job` on a worker that only looks, then `done` with its result on the loop.
  template <typename T>
  void Look(std::function<Result<T>(ContainerActions&)> job, std::function<void(Result<T>)> done) {
    Connect([this, job = std::move(job), done = std::move(done)](Result<Way> way) {
      if (!way) return done(std::move(way).error());
      looks_.Run([setup = setup_, label = label_, way = *way, job] { return At(setup, label, way, job); }, done);
    });
  }

  /// The same on a worker that may be long at it, of which there are a few; not while the engine is being cleaned.
  void Act(std::function<Result<void>(ContainerActions&)> job, std::function<void(Result<void>)> done);

  /// Deletes what is set aside. `busy` is asked when it begins: the keys that must be left alone.
  void Clean(const std::function<std::set<std::string>()>& busy);

 private:
  /// Where the engine is reached, for as long as somebody holds this.
  struct Way {
    std::string socket;
    std::shared_ptr<SshForward> forward;
  };
  struct Actor {
    std::unique_ptr<Worker> worker;
    std::size_t pending = 0;
  };
  using Connected = std::function<void(Result<Way>)>;

  template <typename T>
  static Result<T> At(const KindSetup& setup, const std::string& label, const Way& way,
                      const std::function<Result<T>(ContainerActions&)>& job) {
    DockerEngine engine(way.socket);
    ContainerActions actions(engine, setup.gateway, ContainerImages(setup.state_folder, setup.artifact, label));
    return job(actions);
  }
  void Connect(Connected next);
  void ActNow(std::function<Result<void>(ContainerActions&)> job, std::function<void(Result<void>)> done);

  const KindSetup setup_;
  const SshClient ssh_;
  const std::string label_;
  const std::string socket_;
  std::optional<v1::Host> host_;
  std::shared_ptr<SshForward> forward_;
  /// Those that wait for the connection that is being made.
  std::vector<Connected> waiting_;
  bool cleaning_ = false;
  std::vector<std::function<void()>> after_cleaning_;
  // Last, so that they end first.
  std::vector<Actor> actors_;
  Worker looks_;
};

}  // namespace motley::agent
