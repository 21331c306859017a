#include "controller/rollout/release_book.h"

#include "controller/store/column.h"

namespace motley::controller {
namespace {

/// Each holds its models. A fleet runs a few versions of each application at a time.
constexpr std::size_t kMaxPrepared = 64;

}  // namespace

Result<ReleaseBook> ReleaseBook::Create(const Catalog& catalog, Store& store) {
  ReleaseBook book(catalog);
  TRY_ASSIGN(const v1::PlanList plans, store.plans().List());
  std::map<std::string, std::int64_t> enacted_us;
  for (const v1::Plan& plan : plans.plans()) {
    const bool production = plan.kind() == v1::Plan::KIND_PRODUCTION || plan.kind() == v1::Plan::KIND_UNSPECIFIED;
    if (!production || plan.state() != v1::Plan::STATE_ENACTED) continue;
    const std::int64_t time_us = ToMicros(plan.enacted_at());
    const auto [found, fresh] = enacted_us.try_emplace(plan.application(), time_us);
    if (!fresh && found->second >= time_us) continue;
    found->second = time_us;
    book.SetCurrent(plan.application(), plan.version());
  }
  return book;
}

Result<std::shared_ptr<const PreparedRelease>> ReleaseBook::Get(const std::string& application,
                                                                const std::string& version) {
  const std::pair key(application, version);
  if (const auto known = prepared_.find(key); known != prepared_.end()) return known->second;
  TRY_ASSIGN(auto release, catalog_->Release(application, version));
  TRY_ASSIGN(auto digest, catalog_->ContentDigest(application, version));
  TRY_ASSIGN(auto prepared, Prepare(std::move(release), std::move(digest)));
  if (prepared_.size() >= kMaxPrepared) prepared_.clear();
  prepared_[key] = prepared;
  return prepared;
}

Result<std::shared_ptr<const PreparedRelease>> ReleaseBook::Current(const std::string& application) {
  const auto found = current_.find(application);
  if (found == current_.end()) {
    return Error{Code::kNotFound, "no release of application \"" + application +
                                      "\" was enacted for the fleet yet; name a version, or enact a plan first"};
  }
  return Get(application, found->second);
}

}  // namespace motley::controller
