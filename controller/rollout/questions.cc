#include "controller/rollout/questions.h"

#include <algorithm>
#include <set>

namespace motley::controller {
namespace {

bool Takes(const Demands& demands) {
  return demands.memory_mb > 0 || demands.disk_mb > 0 || !demands.boards.empty() || !demands.ports.empty();
}

bool Takes(const PreparedRelease& release) {
  const auto& variants = release.parsed.application.variants;
  return std::any_of(variants.begin(), variants.end(), [](const FleetVariant& one) { return Takes(one.demands); });
}

}  // namespace

Question Questions::Make(v1::Plan::Kind kind, std::shared_ptr<const PreparedRelease> release,
                         const v1::ProposePlanRequest& request) {
  Question question;
  question.fleet = &registry_.view().index();
  question.kind = kind;
  question.request = request;
  const std::string& application = release->release.application();
  if (const auto found = wanted_.desired().find(application); found != wanted_.desired().end()) {
    question.before = found->second.Share(found->second.Kinds());
  }
  if (const auto found = wanted_.remembered().find(application); found != wanted_.remembered().end()) {
    question.remembered = found->second.Share(found->second.Kinds());
  }
  question.others = Others(*release);
  question.not_enrolled = registry_.not_enrolled().Share();
  question.release = std::move(release);
  return question;
}

std::vector<OtherApplication> Questions::Others(const PreparedRelease& release) {
  std::vector<OtherApplication> others;
  // Where the release takes nothing that is scarce, nobody stands in its way.
  if (!Takes(release)) return others;
  for (auto& [application, column] : wanted_.desired()) {
    if (application == release.release.application()) continue;
    std::set<std::string> versions;
    for (const Wanted& wanted : column.Kinds()) versions.insert(wanted.version);
    OtherApplication other{.name = application};
    std::vector<Wanted> kinds;
    for (const std::string& version : versions) AddDemands(application, version, kinds, other.demands);
    if (kinds.empty()) continue;
    other.wanted = column.Share(std::move(kinds));
    others.push_back(std::move(other));
  }
  return others;
}

void Questions::AddDemands(const std::string& application, const std::string& version, std::vector<Wanted>& kinds,
                           std::vector<Demands>& demands) {
  const auto prepared = book_.Get(application, version);
  // Releases stay for ever; one whose rules are not understood any more takes what it takes, but nobody knows what.
  if (!prepared) return;
  for (const FleetVariant& variant : (*prepared)->parsed.application.variants) {
    if (!Takes(variant.demands)) continue;
    kinds.push_back({version, variant.name});
    demands.push_back(variant.demands);
  }
}

}  // namespace motley::controller
