#include <fmt/format.h>

#include <algorithm>

#include "common/fleet/fleet_file.h"
#include "common/selector/spelling.h"

namespace motley {

FleetLoader::FleetLoader(std::span<const FleetApplication> applications) : applications_(applications) {
  for (const FleetApplication& application : applications_) {
    Variants& variants = variants_.emplace_back();
    for (const FleetVariant& variant : application.variants) {
      variants.emplace(variant.name, static_cast<std::uint16_t>(variants.size() + 1));
    }
  }
}

Result<std::size_t> FleetLoader::ApplicationOf(const ListedGateway& gateway, const std::string& name) const {
  if (name.empty() && applications_.size() == 1) return std::size_t{0};
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < applications_.size(); ++i) {
    if (applications_[i].name == name) return i;
    known.push_back(applications_[i].name);
  }
  const std::string& gateway_name = gateway.attributes.gateway;
  if (name.empty()) {
    return Error{Code::kInvalid,
                 fmt::format("gateway \"{}\": runs: say which application, as in runs.{}", gateway_name, known[0])};
  }
  return Error{Code::kInvalid, fmt::format("gateway \"{}\": there is no application \"{}\"{}", gateway_name, name,
                                           DidYouMean(name, known))};
}

Result<void> FleetLoader::Add(const ListedGateway& gateway) {
  const std::string& name = gateway.attributes.gateway;
  if (fleet_.Find(name)) {
    return Error{Code::kInvalid, fmt::format("gateway \"{}\" is there twice; leave one out", name)};
  }
  std::vector<std::uint16_t> runs(applications_.size());
  for (const auto& [application, variant] : gateway.runs) {
    if (variant.empty()) continue;
    TRY_ASSIGN(const std::size_t place, ApplicationOf(gateway, application));
    const auto found = variants_[place].find(variant);
    if (found != variants_[place].end()) {
      runs[place] = found->second;
    } else if (strangers_++ == 0) {
      first_stranger_ = fmt::format("\"{}\" on \"{}\"", variant, name);
    }
  }
  TRY_ASSIGN(const FleetIndex::Row row, fleet_.Upsert(gateway.attributes));
  running_.resize(fleet_.row_limit() * applications_.size());
  std::copy(runs.begin(), runs.end(), running_.begin() + static_cast<std::ptrdiff_t>(row * applications_.size()));
  return {};
}

std::string FleetLoader::Doubt() const {
  if (strangers_ == 0) return {};
  return fmt::format("{} times a gateway runs what is no variant here and counts as nothing: {}", strangers_,
                     first_stranger_);
}

}  // namespace motley
