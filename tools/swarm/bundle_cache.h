#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "common/http/client.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "motley/v1/model.pb.h"

namespace motley::swarm {

/// The models that gateways are to run: each is fetched once, for all of them, and checked against its digest. What can
/// not be fetched is tried again until it can. Loop thread only.
class BundleCache {
 public:
  /// `loaded` is called when a model has come.
  BundleCache(Loop& loop, HttpClientOptions controller, std::function<void()> loaded);

  /// Null, and it is fetched, if it is not there yet.
  const v1::DeploymentModel* Find(const v1::ArtifactRef& bundle);

 private:
  void Fetch(const std::string& digest);

  Loop& loop_;
  const HttpClientOptions controller_;
  const std::function<void()> loaded_;
  /// By digest; nothing while it is under way.
  std::map<std::string, std::optional<v1::DeploymentModel>> models_;
  std::map<std::string, Handle> retries_;
  std::set<std::string> complained_;
  Worker worker_;
};

}  // namespace motley::swarm
