#include "agent/artifact/secret_fetcher.h"

#include <algorithm>
#include <chrono>

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{30'000};

/// Blocking; on the worker.
Result<std::vector<SecretValue>> FetchAll(const HttpClientOptions& options,
                                          const std::vector<v1::SecretVersion>& secrets) {
  TRY_ASSIGN(const auto client, HttpClient::Create(options));
  std::vector<SecretValue> values;
  for (const v1::SecretVersion& secret : secrets) {
    const std::string path = "/v1/agent/secrets/" + UrlEscape(secret.name()) + "/" + UrlEscape(secret.version());
    TRY_ASSIGN(std::string value, client->Call("GET", path, "").While("fetch secret \"" + secret.name() + "\""));
    values.push_back({secret, std::move(value)});
  }
  return values;
}

}  // namespace

struct HttpSecretFetcher::Job {
  std::vector<v1::SecretVersion> secrets;
  std::function<void(const std::string&)> waiting;
  std::function<void(Result<std::vector<SecretValue>>)> done;
  milliseconds pause = kFirstPause;
};

HttpSecretFetcher::HttpSecretFetcher(Loop& loop, HttpClientOptions options)
    : loop_(loop), options_(std::move(options)), worker_(loop, "secrets") {}

HttpSecretFetcher::~HttpSecretFetcher() = default;

void HttpSecretFetcher::Fetch(std::vector<v1::SecretVersion> secrets, std::function<void(const std::string&)> waiting,
                              std::function<void(Result<std::vector<SecretValue>>)> done) {
  retry_.Reset();
  job_ = std::make_shared<Job>(Job{std::move(secrets), std::move(waiting), std::move(done)});
  if (job_->secrets.empty()) {
    return loop_.Post([this, job = job_] {
      if (job == job_) job->done(std::vector<SecretValue>());
    });
  }
  Try(job_);
}

void HttpSecretFetcher::Try(const std::shared_ptr<Job>& job) {
  worker_.Run([options = options_, secrets = job->secrets] { return FetchAll(options, secrets); },
              [this, job](Result<std::vector<SecretValue>> values) {
                if (job != job_) return;  // another call came meanwhile
                const bool network =
                    !values && (values.error().code == Code::kUnavailable || values.error().code == Code::kTimeout);
                if (!network) {
                  job_.reset();
                  return job->done(std::move(values));
                }
                job->waiting(values.error().message);
                retry_ = loop_.After(job->pause, [this, job] { Try(job); });
                job->pause = std::min(job->pause * 2, kLongestPause);
              });
}

}  // namespace motley::agent
