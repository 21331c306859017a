#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/fleet/bitmap.h"
#include "common/fleet/class_key.h"
#include "common/fleet/index.h"

namespace motley {

/// The gateways of a fleet in classes that nothing in a problem tells apart. Kept up to date one gateway at a time: a
/// class keeps its number, also when its last gateway leaves. The fleet must outlive it.
class FleetClasses {
 public:
  using Row = FleetIndex::Row;
  using Class = std::uint32_t;
  static constexpr Class kNone = std::numeric_limits<Class>::max();

  struct Traits {
    /// By condition: whether it holds.
    Bitmap answers;
    /// By attribute of Distinctions::values: 0 for none, else the place in ValueTexts and 1.
    std::vector<std::uint32_t> values;
    std::vector<std::uint32_t> levels;
    std::vector<std::uint32_t> boards;
    std::vector<std::uint16_t> extras;

    bool operator==(const Traits&) const = default;
  };
  struct Entry {
    Traits traits;
    std::size_t count = 0;
    /// A gateway that was among the first ones, for messages.
    std::string example;
  };
  struct Move {
    Class from = kNone;
    Class to = kNone;
  };

  /// Groups the whole fleet. `extras` has Distinctions::extras numbers for each row.
  FleetClasses(const FleetIndex& fleet, Distinctions distinctions, std::span<const std::uint16_t> extras);

  const std::vector<Entry>& classes() const { return classes_; }
  /// kNone for a row without a gateway.
  Class Of(Row row) const { return row < class_of_row_.size() ? class_of_row_[row] : kNone; }
  const std::vector<std::string>& ValueTexts(std::size_t i) const { return key_.ValueTexts(i); }

  /// To be called after the gateway of `row` has come, changed or gone.
  Move Update(Row row, std::span<const std::uint16_t> extras);

  /// The rows of all classes, ascending, class by class: those of class c are from starts[c] to starts[c + 1] - 1.
  struct Members {
    std::vector<Row> rows;
    std::vector<std::size_t> starts;
  };
  Members ListMembers() const;

  /// How many different keys were seen: never less than there are classes. It grows with what comes and goes; where it
  /// has become much more than at the beginning, group again.
  std::size_t keys() const { return class_of_key_.size(); }
  std::size_t MemoryBytes() const;

 private:
  using Key = std::uint32_t;
  struct WordsHash {
    std::size_t operator()(const std::vector<std::uint64_t>& words) const;
  };

  std::size_t SlotOf(const std::uint64_t* words) const;
  /// The number of a key, which may be new.
  Key KeyOf(const std::uint64_t* words);
  void Rehash(std::size_t slots);
  Traits TraitsOf(Key key) const;
  Class ClassWith(Traits traits, Row example);
  /// The words of a key but its extras.
  std::vector<std::uint64_t> ContextOf(Key key) const;
  Bitmap AnswersOf(Row row) const;
  Class ClassOfNewKey(Key key, Row row);
  void GroupAll(std::span<const std::uint16_t> extras);

  const FleetIndex* fleet_;
  Distinctions distinctions_;
  ClassKey key_;
  /// Words of all keys, one after the other.
  std::vector<std::uint64_t> key_words_;
  /// Open addressing; 0 is free, else a key and 1.
  std::vector<Key> slots_;
  std::vector<Class> class_of_key_;
  std::vector<Class> class_of_row_;
  std::vector<Entry> classes_;
  /// By the hash of their traits.
  std::unordered_multimap<std::uint64_t, Class> by_traits_;
  /// A class with the answers of each context.
  std::unordered_map<std::vector<std::uint64_t>, Class, WordsHash> by_context_;
};

}  // namespace motley
