#include "common/fleet/dictionary.h"

#include <bit>
#include <functional>

#include "common/base/result.h"

namespace motley {
namespace {

std::uint32_t HashOf(std::string_view value) {
  const std::uint64_t hash = std::hash<std::string_view>{}(value);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

// The slot that holds `value`, or the free one where it would go.
std::size_t Dictionary::SlotOf(std::string_view value, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot].code != 0; slot = (slot + 1) & mask) {
    if (slots_[slot].hash == hash && At(slots_[slot].code) == value) break;
  }
  return slot;
}

Dictionary::Code Dictionary::Find(std::string_view value) const { return slots_[SlotOf(value, HashOf(value))].code; }

Dictionary::Code Dictionary::Use(std::string_view value) {
  const std::uint32_t hash = HashOf(value);
  std::size_t slot = SlotOf(value, hash);
  if (const Code code = slots_[slot].code; code != 0) {
    ++entries_[code].uses;
    return code;
  }
  if ((size() + 1) * 4 > slots_.size() * 3) {
    Rehash(slots_.size() * 2);
    slot = SlotOf(value, hash);
  }
  Code code = limit();
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    code = free_.back();
    free_.pop_back();
  }
  entries_[code] = {pool_->Add(value), 1};
  slots_[slot] = {code, hash};
  return code;
}

void Dictionary::Release(Code code) {
  if (code == 0) return;
  Entry& entry = entries_[code];
  CHECK(entry.uses > 0);
  if (--entry.uses > 0) return;
  std::size_t slot = HashOf(At(code)) & (slots_.size() - 1);
  while (slots_[slot].code != code) slot = (slot + 1) & (slots_.size() - 1);
  Erase(slot);
  pool_->Release(entry.place);
  free_.push_back(code);
}

// Closes the gap, so that no search ends too early: what stands behind moves up unless it would get in front of its
// own slot (Knuth, The Art of Computer Programming, 6.4, algorithm R).
void Dictionary::Erase(std::size_t slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t gap = slot;
  for (std::size_t next = (gap + 1) & mask; slots_[next].code != 0; next = (next + 1) & mask) {
    const std::size_t home = slots_[next].hash & mask;
    if (((next - home) & mask) < ((next - gap) & mask)) continue;
    slots_[gap] = slots_[next];
    gap = next;
  }
  slots_[gap] = {};
}

void Dictionary::Rehash(std::size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  for (const Slot& moved : old) {
    if (moved.code == 0) continue;
    std::size_t slot = moved.hash & (slots - 1);
    while (slots_[slot].code != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = moved;
  }
}

void Dictionary::Prefetch(std::string_view value) const {
  constexpr std::size_t kCachedSlots = 1 << 16;
  if (slots_.size() > kCachedSlots) __builtin_prefetch(&slots_[HashOf(value) & (slots_.size() - 1)]);
}

void Dictionary::Reserve(std::size_t values) {
  entries_.reserve(values + 1);
  const std::size_t slots = std::bit_ceil(values * 4 / 3 + 8);
  if (slots > slots_.size()) Rehash(slots);
}

std::size_t Dictionary::MemoryBytes() const {
  return entries_.capacity() * sizeof(Entry) + free_.capacity() * sizeof(Code) + slots_.capacity() * sizeof(Slot);
}

}  // namespace motley
