#include "common/fleet/text_pool.h"

#include "common/base/result.h"

namespace motley {

TextPool::Place TextPool::Add(std::string_view text) {
  CHECK(text.size() <= kMaxBytes);
  const std::size_t units = UnitsFor(text.size());
  Place place = 0;
  if (units < released_.size() && !released_[units].empty()) {
    place = released_[units].back();
    released_[units].pop_back();
  } else {
    if (used_units_ + units > kChunkUnits) {
      chunks_.push_back(std::make_unique_for_overwrite<char[]>(kChunkUnits * kUnit));
      used_units_ = 0;
    }
    place = static_cast<Place>((chunks_.size() - 1) * kChunkUnits + used_units_);
    used_units_ += units;
  }
  const auto length = static_cast<std::uint16_t>(text.size());
  std::memcpy(Address(place), &length, sizeof length);
  if (!text.empty()) std::memcpy(Address(place) + sizeof length, text.data(), text.size());
  return place;
}

void TextPool::Release(Place place) {
  const std::size_t units = UnitsFor(At(place).size());
  if (released_.size() <= units) released_.resize(units + 1);
  released_[units].push_back(place);
}

std::size_t TextPool::MemoryBytes() const {
  std::size_t bytes = chunks_.size() * kChunkUnits * kUnit + chunks_.capacity() * sizeof(chunks_[0]);
  for (const auto& released : released_) bytes += sizeof(released) + released.capacity() * sizeof(Place);
  return bytes;
}

}  // namespace motley
