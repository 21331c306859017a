#include "controller/housekeeping/housekeeper.h"

#include "common/log/log.h"

namespace motley::controller {
namespace {

constexpr std::chrono::milliseconds kBreath{20};
constexpr std::uint32_t kMaxHours = 10 * 366 * 24;

}  // namespace

Housekeeper::Housekeeper(Loop& loop, Store& store, Catalog& catalog, const Registry& registry, Rollout& rollout,
                         HousekeepingOptions options)
    : loop_(loop),
      rollout_(rollout),
      options_(options),
      plans_(loop, store, registry),
      artifacts_(loop, store, catalog) {
  if (options_.every.count() > 0) timer_ = loop_.After(kFirst, [this] { Begin(); });
}

void Housekeeper::CollectArtifacts(const v1::CollectArtifactsRequest& request, Collection::Done done) {
  if (request.unused_for_hours() > kMaxHours) {
    return done(Error{Code::kInvalid, "unused_for_hours " + std::to_string(request.unused_for_hours()) +
                                          " is over the limit of " + std::to_string(kMaxHours) + " (10 years)"});
  }
  const auto unused_for =
      request.unused_for_hours() == 0 ? options_.artifact_grace : std::chrono::hours(request.unused_for_hours());
  artifacts_.Run(unused_for, request.dry_run(), std::move(done));
}

void Housekeeper::Begin() {
  timer_ = loop_.After(options_.every, [this] { Begin(); });
  DeletePlans();
}

void Housekeeper::DeletePlans() {
  plans_.Run(options_.plans, [this](Result<std::size_t> deleted) {
    if (!deleted) LogError("old plans can not be deleted: {}", deleted.error().message);
    if (deleted && *deleted > 0) LogInfo("{} old plans are deleted", *deleted);
    FindReleases();
  });
}

void Housekeeper::FindReleases() {
  if (options_.releases_kept == 0) return DeleteArtifacts();
  // What was pushed a moment ago may still get its plan.
  const std::int64_t before_us = WallMicros(loop_) - std::chrono::microseconds(options_.artifact_grace).count();
  auto needless = rollout_.NeedlessReleases(options_.releases_kept, before_us);
  if (!needless) LogError("releases that nobody needs can not be found: {}", needless.error().message);
  needless_ = needless ? *std::move(needless) : std::vector<std::pair<std::string, std::string>>();
  DeleteReleases();
}

void Housekeeper::DeleteReleases() {
  if (needless_.empty()) return DeleteArtifacts();
  const auto [application, version] = needless_.back();
  needless_.pop_back();
  if (const auto deleted = rollout_.DeleteRelease(application, version); !deleted) {
    LogWarning("{}", deleted.error().message);
  }
  step_ = loop_.After(kBreath, [this] { DeleteReleases(); });
}

void Housekeeper::DeleteArtifacts() {
  artifacts_.Run(options_.artifact_grace, /*dry_run=*/false, [](const Result<v1::ArtifactCollection>& collected) {
    if (!collected) LogWarning("artifacts can not be collected: {}", collected.error().message);
  });
}

}  // namespace motley::controller
