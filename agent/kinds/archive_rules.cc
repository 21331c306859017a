#include "agent/kinds/archive_rules.h"

#include <deque>
#include <string_view>
#include <vector>

#include "agent/supervise/log_reader.h"

namespace motley::agent {
namespace {

// Below what Linux allows, so that the path of the folder itself still fits in front.
constexpr std::size_t kPathLimitBytes = 2048;
constexpr std::size_t kNameLimitBytes = 255;
// As Linux follows links (ELOOP).
constexpr int kLinkLimit = 40;
constexpr unsigned kSetIdBits = 06000;

Error Bad(const std::string& path, const std::string& why) {
  return Error{Code::kInvalid, "entry \"" + ToUtf8(path) + "\" " + why};
}

std::vector<std::string> Parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string path;
  for (const auto& part : parts) path += (path.empty() ? "" : "/") + part;
  return path;
}

}  // namespace

Result<std::string> PlainArchivePath(const std::string& path) {
  if (path.starts_with('/')) return Bad(path, "has an absolute path; pack it from within its folder");
  if (path.empty()) return Bad(path, "has no name; pack it anew");
  if (path.size() > kPathLimitBytes) return Bad(path.substr(0, 100), "has a path of more than 2048 bytes; shorten it");
  if (ToUtf8(path) != path) return Bad(path, "has a name that is not UTF-8; rename it");
  std::string plain;
  for (const auto& part : Parts(path)) {
    if (part == ".") continue;
    if (part == "..") return Bad(path, "has \"..\" in its path; pack it without");
    if (part.size() > kNameLimitBytes) return Bad(path, "has a name of more than 255 bytes; shorten it");
    plain += (plain.empty() ? "" : "/") + part;
  }
  return plain;
}

Result<void> ArchiveRules::Admit(ArchiveEntry& entry) {
  using Type = ArchiveEntry::Type;
  TRY_ASSIGN(entry.path, PlainArchivePath(entry.path));
  if (entry.type == Type::kDevice) return Bad(entry.path, "is a device, which is never made; pack without it");
  if (entry.type == Type::kPipe) return Bad(entry.path, "is a named pipe, which is never made; pack without it");
  if (entry.type == Type::kOther) return Bad(entry.path, "is no file, folder or link; pack without it");
  if (entry.type == Type::kFile && (entry.mode & kSetIdBits) != 0) {
    return Bad(entry.path, "has a set-user-id or set-group-id bit; take it off, or put it there as a file of its own");
  }
  if (entry.path.empty() && entry.type != Type::kFolder) return Bad(".", "is no folder; pack it anew");
  TRY(AdmitParents(entry));
  const auto before = known_.find(entry.path);
  const bool again = before != known_.end();
  if (again && (before->second.type != Type::kFolder || entry.type != Type::kFolder)) {
    return Bad(entry.path, "is there twice; pack each once");
  }
  Type type = entry.type;
  if (type == Type::kHardLink) {
    TRY_ASSIGN(entry.target, PlainArchivePath(entry.target));
    const auto target = known_.find(entry.target);
    if (target == known_.end() || target->second.type != Type::kFile) {
      return Bad(entry.path, "is a hard link to \"" + entry.target + "\", which is no file before it; pack it anew");
    }
    type = Type::kFile;
  }
  known_[entry.path] = {type, entry.target};
  if (type == Type::kFile) bytes_ += entry.size_bytes;
  if (known_.size() > limits_.entries) {
    return Bad(entry.path, "is one too many: at most " + std::to_string(limits_.entries) + "; split the archive");
  }
  if (entry.size_bytes > limits_.bytes || bytes_ > limits_.bytes) {
    return Bad(entry.path, "takes it beyond its limit of " + std::to_string(limits_.bytes) +
                               " bytes unpacked; raise the limit, or split the archive");
  }
  return {};
}

Result<void> ArchiveRules::AdmitParents(const ArchiveEntry& entry) {
  for (auto slash = entry.path.find('/'); slash != std::string::npos; slash = entry.path.find('/', slash + 1)) {
    const auto [parent, is_new] = known_.try_emplace(entry.path.substr(0, slash));
    if (is_new) parent->second = {ArchiveEntry::Type::kFolder, ""};
    if (parent->second.type == ArchiveEntry::Type::kFolder) continue;
    return Bad(entry.path, "goes through \"" + parent->first + "\", which is no folder; pack it anew");
  }
  return {};
}

Result<void> ArchiveRules::CheckLinks() const {
  for (const auto& [path, known] : known_) {
    if (known.type == ArchiveEntry::Type::kLink) TRY(CheckLink(path, known.target));
  }
  return {};
}

Result<void> ArchiveRules::CheckLink(const std::string& path, const std::string& target) const {
  const auto out = [&] {
    return Bad(path,
               "is a symbolic link to \"" + ToUtf8(target) + "\", which leads out of the folder; pack without it");
  };
  if (target.empty() || target.size() > kPathLimitBytes || ToUtf8(target) != target) {
    return Bad(path, "is a symbolic link to no proper path; pack it anew");
  }
  if (target.front() == '/') return out();
  // Walks as the kernel does, so that ".." after another link goes up from where that link leads.
  auto place = Parts(path);
  place.pop_back();
  const auto first = Parts(target);
  std::deque<std::string> ahead(first.begin(), first.end());
  for (int links = 0; !ahead.empty();) {
    const auto part = std::move(ahead.front());
    ahead.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      if (place.empty()) return out();
      place.pop_back();
      continue;
    }
    place.push_back(part);
    const auto found = known_.find(Joined(place));
    if (found == known_.end() || found->second.type != ArchiveEntry::Type::kLink) continue;
    if (++links > kLinkLimit) return Bad(path, "is a symbolic link that goes round in a circle; pack without it");
    if (found->second.target.starts_with('/')) return out();
    place.pop_back();
    const auto parts = Parts(found->second.target);
    ahead.insert(ahead.begin(), parts.begin(), parts.end());
  }
  return {};
}

}  // namespace motley::agent
