#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/artifact/fetcher.h"
#include "agent/artifact/secret_fetcher.h"
#include "agent/artifact/store.h"
#include "agent/kinds/kind.h"
#include "agent/store/store.h"
#include "motley/v1/desired.pb.h"

namespace motley::agent {

/// Gets all that a desired state needs onto this gateway: its bundles, the values of its secrets, its artifacts.
/// Nothing that runs is touched. Loop thread only.
class Provision {
 public:
  Provision(Store& store, const ArtifactStore& artifacts, Fetcher& fetcher, SecretFetcher& secret_fetcher);
  ~Provision();

  /// `waiting` is told why nothing comes while the controller can not be reached. `done` gets every component of every
  /// application, or the first error that waiting does not mend. What is here already is not asked for again. A new
  /// call ends the one under way, without a word.
  void Get(const v1::DesiredState& desired, std::function<void(const std::string&)> waiting,
           std::function<void(Result<std::vector<Instance>>)> done);

  /// Forgets artifacts and secrets that `desired`, whose instances these are, does not need.
  Result<void> KeepOnly(const v1::DesiredState& desired, const std::vector<Instance>& instances);

 private:
  struct Job;
  void GetSecrets(const std::shared_ptr<Job>& job);
  void Load(const std::shared_ptr<Job>& job);
  template <typename Function>
  auto WhileWanted(const std::shared_ptr<Job>& job, Function function);

  Store& store_;
  const ArtifactStore& artifacts_;
  Fetcher& fetcher_;
  SecretFetcher& secret_fetcher_;
  std::shared_ptr<Job> job_;
};

}  // namespace motley::agent
