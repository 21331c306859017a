#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/registry/registry.h"
#include "controller/rollout/proposals.h"
#include "controller/rollout/release_book.h"
#include "controller/rollout/safe_modes.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// Who needs which release, at the time that this is made.
class ReleaseUses {
 public:
  ReleaseUses(const Registry& registry, const SafeModes& safe_modes, const ReleaseBook& book,
              const Proposals& proposals, const v1::PlanList& plans);

  /// In words, with the way out: "gateway gw-1 is to run it; move it to another release first". Nothing: nobody needs
  /// it.
  std::optional<std::string> WhyNeeded(const std::string& application, const std::string& version) const;

 private:
  /// Gateways that need it for one reason.
  struct Gateways {
    std::vector<std::string> first;
    std::size_t count = 0;
    void Add(const std::string& gateway);
    /// "gateway a", "gateways a, b, c and 4 more".
    std::string Text() const;
  };
  struct Use {
    Gateways wanted;
    Gateways reported;
    /// They go back to it.
    Gateways remembered;
    bool current = false;
    bool being_made = false;
    /// The newest plan that waits.
    std::uint64_t plan = 0;
  };
  /// Application and version.
  using Key = std::pair<std::string, std::string>;

  std::map<Key, Use> uses_;
};

}  // namespace motley::controller
