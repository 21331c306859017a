#include "common/fleet/shared_names.h"

#include <functional>

namespace motley {

SharedNames SharedNames::Share() {
  SharedNames shared;
  for (Part& part : parts_) part.shared = true;
  shared.parts_ = parts_;
  return shared;
}

void SharedNames::Insert(const std::string& name) { Own(name).insert(name); }

void SharedNames::Erase(const std::string& name) { Own(name).erase(name); }

std::size_t SharedNames::size() const {
  std::size_t size = 0;
  for (const Part& part : parts_) size += part.names == nullptr ? 0 : part.names->size();
  return size;
}

std::set<std::string>& SharedNames::Own(const std::string& name) {
  Part& part = parts_[std::hash<std::string>()(name) % parts_.size()];
  if (part.names == nullptr) {
    part = {std::make_shared<std::set<std::string>>(), false};
  } else if (part.shared) {
    part = {std::make_shared<std::set<std::string>>(*part.names), false};
  }
  return *part.names;
}

}  // namespace motley
