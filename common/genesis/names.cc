#include "common/genesis/names.h"

#include "common/crypto/digest.h"

namespace motley::genesis {
namespace {

/// Leaves room for what is put behind a name: "-ssh-private-key", a part of a digest.
constexpr std::size_t kMaxBytes = 48;

/// Six hexadecimal digits: enough to keep apart the few that collide in one model.
std::string DigestPart(const std::string& text) {
  const std::string digest = Sha256(text);
  return digest.substr(digest.find(':') + 1, 6);
}

}  // namespace

std::string NameFrom(std::string_view original) {
  std::string name;
  for (const char letter : original) {
    const char lower = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    const bool mark = lower == '.' || lower == '_' || lower == '-';
    if (plain || (mark && !name.empty())) {
      name += lower;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
    if (name.size() == kMaxBytes) break;
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "unnamed" : name;
}

void Names::Give(const std::vector<std::string>& originals) {
  std::map<std::string, std::set<std::string>> by_name;
  for (const std::string& original : originals) by_name[NameFrom(original)].insert(original);
  for (const auto& [name, rivals] : by_name) {
    for (const std::string& original : rivals) {
      const bool plain = (rivals.size() == 1 || original == name) && !taken_.contains(name);
      given_[original] = New(plain ? name : name + "-" + DigestPart(original));
    }
  }
}

std::string Names::Of(const std::string& original) const {
  const auto found = given_.find(original);
  return found == given_.end() ? "" : found->second;
}

std::string Names::New(std::string_view wanted) {
  std::string name(wanted);
  if (taken_.insert(name).second) return name;
  // Where it went on the last time, as there may be very many of one name.
  int& next = next_.emplace(name, 2).first->second;
  do {
    name = std::string(wanted) + "-" + std::to_string(next++);
  } while (!taken_.insert(name).second);
  return name;
}

}  // namespace motley::genesis
