#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/client.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "motley/v1/desired.pb.h"

namespace motley::agent {

struct SecretValue {
  v1::SecretVersion secret;
  std::string value;
};

/// Gets the values of secrets. Loop thread only.
class SecretFetcher {
 public:
  virtual ~SecretFetcher() = default;

  /// As Fetcher::Fetch: waits for the controller as long as it takes. The values in the order of `secrets`.
  /// Errors: kNotFound (no such version any more), kDenied.
  virtual void Fetch(std::vector<v1::SecretVersion> secrets, std::function<void(const std::string&)> waiting,
                     std::function<void(Result<std::vector<SecretValue>>)> done) = 0;
};

/// By HTTP from the controller.
class HttpSecretFetcher final : public SecretFetcher {
 public:
  HttpSecretFetcher(Loop& loop, HttpClientOptions options);
  ~HttpSecretFetcher() override;

  void Fetch(std::vector<v1::SecretVersion> secrets, std::function<void(const std::string&)> waiting,
             std::function<void(Result<std::vector<SecretValue>>)> done) override;

 private:
  struct Job;
  void Try(const std::shared_ptr<Job>& job);

  Loop& loop_;
  const HttpClientOptions options_;
  std::shared_ptr<Job> job_;
  Handle retry_;
  Worker worker_;
};

}  // namespace motley::agent
