#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/fleet/text_pool.h"

namespace motley {

/// The different values of one column: a number ("code") for each, from 1; 0 stands for no value. A code is given to
/// another value once nobody uses it any more, so that what comes and goes takes no room for ever.
class Dictionary {
 public:
  using Code = std::uint32_t;

  /// `pool` must outlive it, and keeps the values.
  explicit Dictionary(TextPool& pool) : pool_(&pool) {}

  /// The code of `value`, new or not, with one use more. `value` has at most TextPool::kMaxBytes.
  Code Use(std::string_view value);
  /// One more use of a code that is in use.
  void UseAgain(Code code) { ++entries_[code].uses; }
  /// One use less. 0 is allowed.
  void Release(Code code);

  /// 0: there is no such value.
  Code Find(std::string_view value) const;
  /// Of a code that is in use.
  std::string_view At(Code code) const { return pool_->At(entries_[code].place); }
  bool IsUsed(Code code) const { return entries_[code].uses > 0; }

  /// All codes are below.
  Code limit() const { return static_cast<Code>(entries_.size()); }
  /// How many different values there are.
  std::size_t size() const { return entries_.size() - 1 - free_.size(); }

  /// Has what finding `value` begins with fetched while other work goes on; nothing where it is in a cache anyway.
  void Prefetch(std::string_view value) const;

  void Reserve(std::size_t values);
  /// Without the values themselves.
  std::size_t MemoryBytes() const;

 private:
  struct Entry {
    TextPool::Place place = 0;
    std::uint32_t uses = 0;
  };
  /// With the hash, so that what only shares the way is passed by without a look at it.
  struct Slot {
    Code code = 0;
    std::uint32_t hash = 0;
  };

  std::size_t SlotOf(std::string_view value, std::uint32_t hash) const;
  void Rehash(std::size_t slots);
  void Erase(std::size_t slot);

  TextPool* pool_;
  std::vector<Entry> entries_ = std::vector<Entry>(1);
  std::vector<Code> free_;
  /// Open addressing with linear probing; a power of two, 0 is a free slot.
  std::vector<Slot> slots_ = std::vector<Slot>(8);
};

}  // namespace motley
