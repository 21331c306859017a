#include "controller/rollout/difference.h"

#include <map>

namespace motley::controller {
namespace {

constexpr std::size_t kMostNames = 10;

std::string Named(const std::string& variant) { return variant.empty() ? "none" : variant; }

void Add(const std::vector<std::string>& gateways, const std::string& what, std::string& text) {
  if (gateways.empty()) return;
  text += (text.empty() ? "" : "; ") + std::to_string(gateways.size()) + " " + what + ": " + Listed(gateways);
}

}  // namespace

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMostNames) text += " and " + std::to_string(names.size() - kMostNames) + " more";
  return text;
}

std::string DifferenceOf(const std::vector<v1::Assignment>& before, const std::vector<v1::Assignment>& now) {
  std::map<std::string, const v1::Assignment*> known;
  for (const v1::Assignment& assignment : before) known[assignment.gateway()] = &assignment;
  std::vector<std::string> joined, changed, moved;
  for (const v1::Assignment& assignment : now) {
    const auto found = known.find(assignment.gateway());
    if (found == known.end()) {
      joined.push_back(assignment.gateway());
      continue;
    }
    const v1::Assignment& earlier = *found->second;
    if (earlier.variant() != assignment.variant()) {
      changed.push_back(assignment.gateway() + " (" + Named(earlier.variant()) + ", now " +
                        Named(assignment.variant()) + ")");
    } else if (earlier.previous() != assignment.previous()) {
      moved.push_back(assignment.gateway() + " (" + Named(assignment.previous()) + ")");
    }
    known.erase(found);
  }
  std::vector<std::string> left;
  for (const auto& [gateway, assignment] : known) left.push_back(gateway);
  std::string text;
  Add(joined, "new", text);
  Add(left, "gone", text);
  Add(changed, "with another variant", text);
  Add(moved, "that came to run something else meanwhile", text);
  return text;
}

}  // namespace motley::controller
