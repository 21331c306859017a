#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/fleet/bitmap.h"
#include "common/fleet/index.h"
#include "common/selector/ast.h"

namespace motley {

/// What can tell two gateways apart in one assignment problem.
struct Distinctions {
  /// A number of a gateway as the step it reaches: how many of `steps` (ascending) are at most the number.
  struct Level {
    AttributeRef attribute;
    std::vector<std::uint64_t> steps;
  };
  /// How many boards of a type, up to `most`.
  struct BoardCount {
    std::string type;
    std::uint32_t most = 1;
  };

  /// Answers to these.
  std::vector<Expression> conditions;
  /// Which value of these texts.
  std::vector<AttributeRef> values;
  std::vector<Level> levels;
  std::vector<BoardCount> boards;
  /// How many numbers the caller has for each gateway beside the index, each below 65536 (what runs now).
  std::size_t extras = 0;
};

/// Packs all that a gateway's class depends on into a few words: gateways with equal words have equal answers to each
/// condition, and the same values, levels, boards and extras. A text counts only by which of the constants in the
/// conditions it is, a number by where it stands among them, so that gateways which no condition can tell apart mostly
/// have equal words.
class ClassKey {
 public:
  using Row = FleetIndex::Row;
  using Code = Dictionary::Code;

  /// The fleet must outlive it.
  ClassKey(const FleetIndex& fleet, const Distinctions& distinctions);

  std::size_t words() const { return words_; }

  /// The words of one gateway; `extras` has Distinctions::extras numbers.
  void Of(Row row, const std::uint16_t* extras, std::uint64_t* words);

  /// Leaves what is from the index alone.
  void ClearExtras(std::uint64_t* words) const;

  /// Prepares Block for the fleet as it is now.
  void BeginBlocks();
  /// The words of the rows from `first` to `last - 1`, row by row; of rows without a gateway, anything. `extras` has
  /// those of row 0 first.
  void Block(Row first, Row last, const std::uint16_t* extras, std::uint64_t* words);
  /// Gives back what BeginBlocks took.
  void EndBlocks();

  /// Parts of words that Of or Block gave. A value is 0 for none, else the place in ValueTexts and 1.
  std::uint32_t Value(const std::uint64_t* words, std::size_t i) const { return values_[i].In(words); }
  std::uint32_t Level(const std::uint64_t* words, std::size_t i) const { return levels_[i].In(words); }
  std::uint32_t Boards(const std::uint64_t* words, std::size_t i) const { return boards_[i].In(words); }
  std::uint16_t Extra(const std::uint64_t* words, std::size_t i) const {
    return static_cast<std::uint16_t>(extras_[i].In(words));
  }

  /// The texts of attribute `i` of Distinctions::values that were seen so far.
  const std::vector<std::string>& ValueTexts(std::size_t i) const { return interned_[i].texts; }

 private:
  struct Place {
    std::size_t word = 0;
    unsigned shift = 0;
    unsigned width = 0;

    std::uint32_t In(const std::uint64_t* words) const {
      return static_cast<std::uint32_t>(words[word] >> shift & ((std::uint64_t{1} << width) - 1));
    }
  };
  enum class Kind { kText, kNumber, kList, kValue, kLevel, kBoards, kPair };
  /// One attribute as far as it matters.
  struct Part {
    Kind kind;
    AttributeRef attribute;
    /// kText, kList: the constants, ascending. kBoards: the one type.
    std::vector<std::string> texts = {};
    /// kNumber: the constants, ascending.
    std::vector<double> numbers = {};
    /// kLevel.
    std::vector<std::uint64_t> steps = {};
    /// kValue: which of interned_. kBoards: the most that counts.
    std::uint32_t limit = 0;
    /// kPair.
    std::vector<Expression> condition = {};
    Place place = {};
    /// Null until a gateway has the tag.
    const FleetIndex::Column* column = nullptr;
    /// While there are blocks: the part by code, or of kPair by row.
    std::vector<std::uint32_t> by_code = {};
    Bitmap by_row = {};
  };
  struct Interned {
    std::unordered_map<std::string, std::uint32_t> ids;
    std::vector<std::string> texts;
  };

  void Collect(const Expression& expression);
  void Collect(const Operand& one, const Operand& other, const Expression& whole);
  void Collect(const Membership& membership, const Expression& whole);
  void AddConstant(const AttributeRef& attribute, const Constant* constant);
  void AddParts(const Distinctions& distinctions);
  Place NewPlace(unsigned width);
  std::uint32_t OfValue(const Part& part, std::string_view value);
  std::vector<std::uint32_t> ByCode(const Part& part, const FleetIndex::Column& column);

  const FleetIndex* fleet_;
  /// By the attribute's name, then those of pairs by their text.
  std::map<std::string, Part> read_;
  std::vector<Part> parts_;
  std::vector<Place> values_, levels_, boards_, extras_;
  std::vector<Interned> interned_;
  std::size_t words_ = 0;
  unsigned used_bits_ = 64;
};

}  // namespace motley
