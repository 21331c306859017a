#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/artifact/store.h"
#include "common/http/client.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "motley/v1/model.pb.h"

namespace motley::agent {

/// Gets artifacts into the store. Loop thread only.
class Fetcher {
 public:
  virtual ~Fetcher() = default;

  /// `waiting` is told why nothing comes while the controller can not be reached: that is waited for, with growing
  /// pauses, as long as it takes. `done` gets the first error that waiting does not mend: kNotFound, kDenied, kCorrupt
  /// (wrong bytes three times), kUnavailable (disk full). A new call ends the one under way, without a word.
  virtual void Fetch(std::vector<v1::ArtifactRef> artifacts, std::function<void(const std::string&)> waiting,
                     std::function<void(Result<void>)> done) = 0;
};

/// Fetches by HTTP from the controller, one after another; a cut transfer goes on where it was cut, also after a
/// restart.
class HttpFetcher final : public Fetcher {
 public:
  HttpFetcher(Loop& loop, const ArtifactStore& store, HttpClientOptions options);
  ~HttpFetcher() override;

  void Fetch(std::vector<v1::ArtifactRef> artifacts, std::function<void(const std::string&)> waiting,
             std::function<void(Result<void>)> done) override;

 private:
  struct Job;
  void Next(const std::shared_ptr<Job>& job);
  void Fetched(const std::shared_ptr<Job>& job, Result<void> result);

  Loop& loop_;
  const ArtifactStore& store_;
  const HttpClientOptions options_;
  std::shared_ptr<Job> job_;
  Handle retry_;
  Worker worker_;
};

}  // namespace motley::agent
