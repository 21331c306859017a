#include "controller/assign/reasons.h"

#include <algorithm>

#include "common/model/fit.h"

namespace motley::controller {
namespace {

/// What a model asks a context for.
v1::Context ContextOf(const Attributes& attributes) {
  v1::Context context;
  context.mutable_kinds()->Assign(attributes.kinds.begin(), attributes.kinds.end());
  context.set_container_engine(attributes.container_engine);
  context.set_memory_mb(attributes.memory_mb);
  context.set_disk_mb(attributes.disk_mb);
  return context;
}

void AddUnknown(const char* what, std::uint64_t needed, std::uint64_t there, std::vector<std::string>& misfits) {
  if (needed == 0 || there > 0) return;
  misfits.push_back("the model needs " + std::to_string(needed) + " MB of " + what +
                    ", and the gateway does not say how much it has");
}

}  // namespace

std::optional<std::string> WhyNot(const PreparedRelease& release, std::size_t variant, const Attributes& attributes) {
  if (auto failed = release.parsed.written[variant].Explain(attributes)) return failed;
  std::vector<std::string> misfits =
      MisfitsOf(release.release.variants(static_cast<int>(variant)).model(), ContextOf(attributes));
  const Demands& demands = release.parsed.application.variants[variant].demands;
  AddUnknown("memory", demands.memory_mb, attributes.memory_mb, misfits);
  AddUnknown("disk", demands.disk_mb, attributes.disk_mb, misfits);
  for (const auto& [type, needed] : demands.boards) {
    const auto there = std::count(attributes.boards.begin(), attributes.boards.end(), type);
    if (there >= needed) continue;
    misfits.push_back("the model needs " + std::to_string(needed) + " board(s) of type " + type +
                      ", and the gateway has " + std::to_string(there));
  }
  if (misfits.empty()) return std::nullopt;
  std::string text;
  for (const std::string& misfit : misfits) text += (text.empty() ? "" : "; ") + misfit;
  return text;
}

std::string WhyChosen(const PreparedRelease& release, const std::vector<std::int32_t>& runnable, std::size_t chosen,
                      bool by_preference) {
  if (runnable.size() == 1) return "the only variant that fits";
  const auto prefer_of = [&](std::size_t variant) { return release.parsed.application.variants[variant].prefer; };
  std::int64_t best = prefer_of(chosen);
  for (const std::int32_t variant : runnable) best = std::max(best, prefer_of(static_cast<std::size_t>(variant)));
  const auto equal = std::count_if(runnable.begin(), runnable.end(), [&](std::int32_t variant) {
    return prefer_of(static_cast<std::size_t>(variant)) == prefer_of(chosen);
  });
  const std::string prefer = std::to_string(prefer_of(chosen));
  const std::string fitting = std::to_string(runnable.size()) + " variants that fit";
  if (prefer_of(chosen) < best) {
    return "by the rules: preference " + prefer + " of " + fitting + ", where the highest is " + std::to_string(best);
  }
  if (equal == 1) return "highest preference (" + prefer + ") of " + fitting;
  if (by_preference) return "the first in the release among those that fit with the highest preference " + prefer;
  return "by the rules, among " + std::to_string(equal) + " that fit with the highest preference " + prefer;
}

std::string WhyNone(const PreparedRelease& release, const Attributes& attributes) {
  std::string reason = "no variant fits:";
  for (std::size_t i = 0; i < release.parsed.written.size(); ++i) {
    reason += (i == 0 ? " " : "; ") + release.parsed.application.variants[i].name + ": " +
              WhyNot(release, i, attributes).value_or("fits");
  }
  return reason;
}

}  // namespace motley::controller
