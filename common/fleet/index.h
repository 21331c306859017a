#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/fleet/bitmap.h"
#include "common/fleet/code_column.h"
#include "common/fleet/dictionary.h"
#include "common/fleet/text_pool.h"
#include "common/selector/ast.h"
#include "common/selector/attributes.h"

namespace motley {

/// What selectors can know about all gateways of the fleet, in memory, column by column: each different value of an
/// attribute is kept once, and a gateway has its number (README.md). No thread of its own; not to be changed while
/// another thread reads.
class FleetIndex {
 public:
  /// Where a gateway stands. Rows of removed gateways are given to new ones.
  using Row = CodeColumn::Row;

  /// The values of one attribute. Texts are kept as they are, numbers by EncodeNumber, lists by EncodeList.
  struct Column {
    AttributeRef attribute;
    Type type;
    Dictionary values;
    /// By row; 0 where there is no gateway, and where it does not have this tag.
    CodeColumn codes;
  };

  /// Different names of tags in one fleet: each is a column.
  static constexpr std::size_t kMaxTagNames = 4096;
  static constexpr std::size_t kMaxGateways = 16'000'000;

  FleetIndex();
  FleetIndex(FleetIndex&&) = default;
  FleetIndex& operator=(FleetIndex&&) = default;

  /// Adds the gateway, or puts the attributes of the one with this name in the place of those it had. Nothing has
  /// changed on an error. Errors: kInvalid (no name, a value over 4 KiB, too many gateways or names of tags).
  Result<Row> Upsert(const Attributes& gateway);
  /// The row that has become free.
  std::optional<Row> Remove(std::string_view gateway);

  std::optional<Row> Find(std::string_view gateway) const;
  bool Has(Row row) const { return row < rows_ && columns_[kNames].codes.Get(row) != 0; }
  /// Of a row that has a gateway; valid until it is removed.
  std::string_view Name(Row row) const { return columns_[kNames].values.At(row + 1); }
  /// As they were given to Upsert.
  Attributes AttributesOf(Row row) const;

  /// How many gateways there are.
  std::size_t size() const { return columns_[kNames].values.size(); }
  /// All rows are below.
  Row row_limit() const { return rows_; }
  /// The rows that have a gateway.
  Bitmap Rows() const;

  /// Null for a tag that no gateway has or had; else it stays where it is.
  const Column* Find(const AttributeRef& attribute) const;
  /// The names of all tags that a gateway has or had, ascending.
  std::vector<std::string_view> TagNames() const;

  /// Makes room, so that many can come without pauses.
  void Reserve(std::size_t gateways);
  std::size_t MemoryBytes() const;

  static std::uint64_t DecodeNumber(std::string_view value);
  static std::string EncodeNumber(std::uint64_t number);
  static std::vector<std::string_view> DecodeList(std::string_view value);
  static std::string EncodeList(const std::vector<std::string>& list);

 private:
  static constexpr std::size_t kNames = 0;

  Result<void> Check(const Attributes& gateway) const;
  std::size_t NewTagNames(const Attributes& gateway) const;
  Column NewColumn(AttributeRef attribute, Type type) const;
  void SetValue(Column& column, Row row, std::string_view value);
  void ClearValue(Column& column, Row row);
  void SetTags(const Attributes& gateway, Row row);

  std::unique_ptr<TextPool> pool_ = std::make_unique<TextPool>();
  /// The known attributes in their order in KnownAttributes, then tags.
  std::deque<Column> columns_;
  /// Places in columns_ of the tags, by name.
  std::vector<std::size_t> tags_;
  Row rows_ = 0;
  std::size_t reserved_ = 0;
  /// Reused for lists.
  std::string buffer_;
};

}  // namespace motley
