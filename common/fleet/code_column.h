#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <variant>
#include <vector>

#include "common/fleet/dictionary.h"

namespace motley {

/// One code for each row, as narrow as the largest code allows, or only for the rows that have one where those are few.
/// Rows that were never set hold 0.
class CodeColumn {
  template <typename T>
  using Dense = std::vector<T>;

 public:
  using Code = Dictionary::Code;
  using Row = std::uint32_t;

  Code Get(Row row) const {
    if (const auto* codes = std::get_if<Dense<std::uint8_t>>(&codes_)) return row < codes->size() ? (*codes)[row] : 0;
    if (const auto* codes = std::get_if<Dense<std::uint16_t>>(&codes_)) return row < codes->size() ? (*codes)[row] : 0;
    if (const auto* codes = std::get_if<Dense<std::uint32_t>>(&codes_)) return row < codes->size() ? (*codes)[row] : 0;
    const Sparse& codes = std::get<Sparse>(codes_);
    const auto found = codes.find(row);
    return found == codes.end() ? 0 : found->second;
  }
  void Set(Row row, Code code);
  /// Has the memory of one row fetched while other work goes on.
  void Prefetch(Row row) const;
  void Reserve(std::size_t rows) { reserve_rows_ = rows; }

  /// Calls `f(row, code)` for `first` to `last - 1`, those with code 0 too.
  template <typename F>
  void ForEach(Row first, Row last, F f) const;

  std::size_t MemoryBytes() const;

 private:
  using Sparse = std::unordered_map<Row, Code>;

  bool IsTooThinFor(Row row) const;
  void MakeSparse();
  void MakeDense();
  template <typename Wide>
  void Widen();
  /// Sets a row that has its place already; false where it has none.
  template <typename T>
  bool Replace(Row row, Code code);

  std::variant<Dense<std::uint8_t>, Dense<std::uint16_t>, Dense<std::uint32_t>, Sparse> codes_;
  /// Rows whose code is not 0.
  std::size_t filled_ = 0;
  /// All rows that were set are below.
  std::size_t rows_ = 0;
  std::size_t reserve_rows_ = 0;
};

template <typename F>
void CodeColumn::ForEach(Row first, Row last, F f) const {
  std::visit(
      [&](const auto& codes) {
        if constexpr (std::is_same_v<std::decay_t<decltype(codes)>, Sparse>) {
          for (Row row = first; row < last; ++row) f(row, Get(row));
        } else {
          const Row end = last < codes.size() ? last : static_cast<Row>(codes.size());
          Row row = first;
          for (; row < end; ++row) f(row, static_cast<Code>(codes[row]));
          for (; row < last; ++row) f(row, Code{0});
        }
      },
      codes_);
}

}  // namespace motley
