#include "tools/swarm/bundle_cache.h"

#include <utility>

#include "common/crypto/digest.h"
#include "common/log/log.h"

namespace motley::swarm {
namespace {

constexpr std::chrono::seconds kRetry{1};
/// As large as a filled-in model may be.
constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;

Result<v1::DeploymentModel> Download(const HttpClientOptions& controller, const std::string& digest) {
  TRY_ASSIGN(const auto client, HttpClient::Create(controller));
  std::string bytes;
  TRY(client->Download("/v1/artifacts/" + digest, 0, [&](std::string_view piece) -> Result<void> {
    if (bytes.size() + piece.size() > kMaxBytes) {
      return Error{Code::kInvalid, "it is larger than " + std::to_string(kMaxBytes) + " bytes, as no model is"};
    }
    bytes += piece;
    return {};
  }));
  if (Sha256(bytes) != digest) return Error{Code::kCorrupt, "what came has the digest " + Sha256(bytes)};
  v1::DeploymentModel model;
  if (!model.ParseFromString(bytes)) return Error{Code::kCorrupt, "it is no deployment model"};
  return model;
}

}  // namespace

BundleCache::BundleCache(Loop& loop, HttpClientOptions controller, std::function<void()> loaded)
    : loop_(loop), controller_(std::move(controller)), loaded_(std::move(loaded)), worker_(loop, "bundles") {}

const v1::DeploymentModel* BundleCache::Find(const v1::ArtifactRef& bundle) {
  const auto [found, is_new] = models_.try_emplace(bundle.digest());
  if (is_new) Fetch(bundle.digest());
  return found->second ? &*found->second : nullptr;
}

void BundleCache::Fetch(const std::string& digest) {
  worker_.Run([controller = controller_, digest] { return Download(controller, digest); },
              [this, digest](Result<v1::DeploymentModel> model) {
                if (model) {
                  models_[digest] = *std::move(model);
                  retries_.erase(digest);
                  loaded_();
                  return;
                }
                if (complained_.insert(digest).second) {
                  LogWarning("bundle {}: {}; trying again until it works", digest, model.error().message);
                }
                retries_[digest] = loop_.After(kRetry, [this, digest] { Fetch(digest); });
              });
}

}  // namespace motley::swarm
