#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "motley/v1/api.pb.h"

namespace motley::controller {

/// Counts what runs where, for ApplicationDiversity.
class DiversityCounter {
 public:
  explicit DiversityCounter(std::string site_attribute) : site_attribute_(std::move(site_attribute)) {}

  /// A gateway of the fleet that runs this; empty `site`: it has none.
  void Add(const std::string& application, const std::string& version, const std::string& variant,
           const std::string& site);
  /// By application. `gateways`: all of the fleet.
  std::vector<v1::ApplicationDiversity> Count(std::size_t gateways) const;

 private:
  using VersionAndVariant = std::pair<std::string, std::string>;
  using Counts = std::map<VersionAndVariant, std::uint32_t>;
  struct Application {
    Counts all;
    std::map<std::string, Counts> by_site;
  };

  static v1::SiteShare Largest(const std::map<std::string, Counts>& by_site);

  std::string site_attribute_;
  std::map<std::string, Application> applications_;
};

}  // namespace motley::controller
