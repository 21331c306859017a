#include "agent/reconcile/provision.h"

#include <set>

#include "agent/reconcile/instances.h"

namespace motley::agent {

struct Provision::Job {
  v1::DesiredState desired;
  std::function<void(const std::string&)> waiting;
  std::function<void(Result<std::vector<Instance>>)> done;
  bool given_up = false;
};

Provision::Provision(Store& store, const ArtifactStore& artifacts, Fetcher& fetcher, SecretFetcher& secret_fetcher)
    : store_(store), artifacts_(artifacts), fetcher_(fetcher), secret_fetcher_(secret_fetcher) {}

Provision::~Provision() {
  if (job_) job_->given_up = true;
}

template <typename Function>
auto Provision::WhileWanted(const std::shared_ptr<Job>& job, Function function) {
  return [job, function](auto value) {
    if (!job->given_up) function(std::move(value));
  };
}

void Provision::Get(const v1::DesiredState& desired, std::function<void(const std::string&)> waiting,
                    std::function<void(Result<std::vector<Instance>>)> done) {
  if (job_) job_->given_up = true;
  job_ = std::make_shared<Job>(Job{desired, std::move(waiting), std::move(done)});
  fetcher_.Fetch(BundlesOf(desired), WhileWanted(job_, job_->waiting),
                 WhileWanted(job_, [this, job = job_](const Result<void>& result) {
                   result ? GetSecrets(job) : job->done(result.error());
                 }));
}

void Provision::GetSecrets(const std::shared_ptr<Job>& job) {
  std::vector<v1::SecretVersion> missing;
  for (const v1::SecretVersion& secret : job->desired.secrets()) {
    const auto known = store_.Secret(secret);
    if (!known) return job->done(known.error());
    if (!*known) missing.push_back(secret);
  }
  secret_fetcher_.Fetch(std::move(missing), WhileWanted(job, job->waiting),
                        WhileWanted(job, [this, job](const Result<std::vector<SecretValue>>& values) {
                          if (!values) return job->done(values.error());
                          for (const auto& [secret, value] : *values) {
                            if (auto saved = store_.SaveSecret(secret, value); !saved) return job->done(saved.error());
                          }
                          Load(job);
                        }));
}

void Provision::Load(const std::shared_ptr<Job>& job) {
  SecretValues values;
  for (const v1::SecretVersion& secret : job->desired.secrets()) {
    auto value = store_.Secret(secret);
    if (!value) return job->done(value.error());
    if (*value) values[secret.name()] = **std::move(value);
  }
  auto instances = LoadInstances(artifacts_, job->desired, values);
  if (!instances) return job->done(instances.error());
  auto needed = ArtifactsOf(*instances);
  fetcher_.Fetch(std::move(needed), WhileWanted(job, job->waiting),
                 WhileWanted(job, [job, instances = *std::move(instances)](const Result<void>& result) {
                   result ? job->done(instances) : job->done(result.error());
                 }));
}

Result<void> Provision::KeepOnly(const v1::DesiredState& desired, const std::vector<Instance>& instances) {
  std::set<std::string> kept;
  for (const v1::ArtifactRef& ref : BundlesOf(desired)) kept.insert(ref.digest());
  for (const v1::ArtifactRef& ref : ArtifactsOf(instances)) kept.insert(ref.digest());
  artifacts_.KeepOnly(kept);
  return store_.KeepOnlySecrets({desired.secrets().begin(), desired.secrets().end()});
}

}  // namespace motley::agent
