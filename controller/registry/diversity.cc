#include "controller/registry/diversity.h"

#include <algorithm>
#include <cmath>

namespace motley::controller {
namespace {

template <typename Counts>
std::uint32_t Sum(const Counts& counts) {
  std::uint32_t sum = 0;
  for (const auto& [what, gateways] : counts) sum += gateways;
  return sum;
}

}  // namespace

void DiversityCounter::Add(const std::string& application, const std::string& version, const std::string& variant,
                           const std::string& site) {
  Application& counted = applications_[application];
  ++counted.all[{version, variant}];
  if (!site.empty()) ++counted.by_site[site][{version, variant}];
}

v1::SiteShare DiversityCounter::Largest(const std::map<std::string, Counts>& by_site) {
  v1::SiteShare largest;
  for (const auto& [site, counts] : by_site) {
    const std::uint32_t of = Sum(counts);
    for (const auto& [what, gateways] : counts) {
      const double share = static_cast<double>(gateways) / of;
      // Of equal shares, the one that hits more gateways.
      if (share < largest.share() || (share == largest.share() && gateways <= largest.gateways())) continue;
      largest.set_site(site);
      largest.set_version(what.first);
      largest.set_variant(what.second);
      largest.set_gateways(gateways);
      largest.set_of(of);
      largest.set_share(share);
    }
  }
  return largest;
}

std::vector<v1::ApplicationDiversity> DiversityCounter::Count(std::size_t gateways) const {
  std::vector<v1::ApplicationDiversity> all;
  for (const auto& [name, counted] : applications_) {
    v1::ApplicationDiversity& diversity = all.emplace_back();
    diversity.set_application(name);
    diversity.set_gateways(Sum(counted.all));
    diversity.set_site_attribute(site_attribute_);
    double entropy = 0;
    for (const auto& [what, count] : counted.all) {
      v1::VariantShare& share = *diversity.add_variants();
      share.set_version(what.first);
      share.set_variant(what.second);
      share.set_gateways(count);
      share.set_share(static_cast<double>(count) / diversity.gateways());
      entropy -= share.share() * std::log2(share.share());
      diversity.set_exposure(
          std::max(diversity.exposure(), static_cast<double>(count) / static_cast<double>(gateways)));
    }
    // Not -0.
    diversity.set_entropy_bits(std::max(0.0, entropy));
    std::stable_sort(diversity.mutable_variants()->begin(), diversity.mutable_variants()->end(),
                     [](const auto& a, const auto& b) { return a.gateways() > b.gateways(); });
    if (!counted.by_site.empty()) *diversity.mutable_largest_in_site() = Largest(counted.by_site);
  }
  return all;
}

}  // namespace motley::controller
