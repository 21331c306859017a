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
  std::map<std::string, OtherApplication> others = Others(*release);
  for (const auto& [id, twin] : registry_.twins()) {
    const auto before = safe_modes_.WantedOf(twin, application);
    const auto row = question.fleet->Find(id);
    if (!row) {
      const std::string text = before ? before->Text() : std::string();
      if (!twin.enrolled()) question.not_enrolled.push_back({id, text});
      continue;
    }
    if (before) question.before.Set(*row, *before);
    for (const v1::DesiredApplication& wanted : twin.desired().applications()) {
      const auto other = others.find(wanted.application());
      if (other == others.end()) continue;
      const Wanted has{wanted.version(), wanted.variant()};
      const auto& kinds = other->second.wanted.kinds;
      if (std::find(kinds.begin(), kinds.end(), has) != kinds.end()) other->second.wanted.Set(*row, has);
    }
  }
  for (auto& [name, other] : others) question.others.push_back(std::move(other));
  question.release = std::move(release);
  return question;
}

std::map<std::string, OtherApplication> Questions::Others(const PreparedRelease& release) {
  std::map<std::string, OtherApplication> others;
  // Where the release takes nothing that is scarce, nobody stands in its way.
  if (!Takes(release)) return others;
  // In an order that does not depend on the gateways'.
  std::set<std::pair<std::string, std::string>> versions;
  for (const auto& [id, twin] : registry_.twins()) {
    for (const v1::DesiredApplication& wanted : twin.desired().applications()) {
      if (wanted.application() != release.release.application()) {
        versions.emplace(wanted.application(), wanted.version());
      }
    }
  }
  for (const auto& [application, version] : versions) AddDemands(application, version, others[application]);
  std::erase_if(others, [](const auto& entry) { return entry.second.wanted.kinds.empty(); });
  return others;
}

void Questions::AddDemands(const std::string& application, const std::string& version, OtherApplication& other) {
  other.name = application;
  const auto prepared = book_.Get(application, version);
  // Releases stay for ever; one whose rules are not understood any more takes what it takes, but nobody knows what.
  if (!prepared) return;
  for (const FleetVariant& variant : (*prepared)->parsed.application.variants) {
    if (!Takes(variant.demands)) continue;
    other.wanted.kinds.push_back({version, variant.name});
    other.demands.push_back(variant.demands);
  }
}

}  // namespace motley::controller
