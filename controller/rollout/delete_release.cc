// Rollout: deleting releases that nobody needs.
#include <map>

#include "controller/rollout/release_uses.h"
#include "controller/rollout/rollout.h"
#include "controller/store/column.h"

namespace motley::controller {

Result<void> Rollout::DeleteRelease(const std::string& application, const std::string& version) {
  TRY(catalog_.ContentDigest(application, version));
  TRY_ASSIGN(const v1::PlanList plans, store_.plans().List());
  const ReleaseUses uses(registry_, safe_modes_, book_, proposals_, plans);
  if (const auto why = uses.WhyNeeded(application, version)) {
    return Error{Code::kConflict, "release " + application + " " + version + " can not be deleted: " + *why};
  }
  TRY(catalog_.DeleteRelease(application, version));
  book_.Forget(application, version);
  return {};
}

Result<std::vector<std::pair<std::string, std::string>>> Rollout::NeedlessReleases(std::size_t kept,
                                                                                   std::int64_t before_us) const {
  TRY_ASSIGN(const v1::PlanList plans, store_.plans().List());
  TRY_ASSIGN(const v1::ReleaseList releases, catalog_.Releases(""));
  const ReleaseUses uses(registry_, safe_modes_, book_, proposals_, plans);
  std::map<std::string, std::size_t> seen;
  std::vector<std::pair<std::string, std::string>> needless;
  for (const v1::Release& release : releases.releases()) {
    if (++seen[release.application()] <= kept || ToMicros(release.created_at()) >= before_us) continue;
    if (uses.WhyNeeded(release.application(), release.version())) continue;
    needless.emplace_back(release.application(), release.version());
  }
  return needless;
}

}  // namespace motley::controller
