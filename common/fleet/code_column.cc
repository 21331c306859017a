#include "common/fleet/code_column.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace motley {
namespace {

// An entry of the hash table takes about 48 bytes and a dense one 1 to 4, so that below one row in 32 the table is the
// smaller one. Small columns are not worth it.
constexpr std::size_t kThin = 32;
constexpr std::size_t kSmallRows = 4096;

}  // namespace

void CodeColumn::Prefetch(Row row) const {
  std::visit(
      [&](const auto& codes) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(codes)>, Sparse>) {
          if (row < codes.size()) __builtin_prefetch(&codes[row]);
        }
      },
      codes_);
}

bool CodeColumn::IsTooThinFor(Row row) const { return row >= kSmallRows && (filled_ + 1) * kThin < row; }

template <typename T>
bool CodeColumn::Replace(Row row, Code code) {
  auto* const codes = std::get_if<Dense<T>>(&codes_);
  if (codes == nullptr || row >= codes->size() || code > std::numeric_limits<T>::max()) return false;
  filled_ += code != 0;
  filled_ -= (*codes)[row] != 0;
  (*codes)[row] = static_cast<T>(code);
  return true;
}

template <typename Wide>
void CodeColumn::Widen() {
  codes_ = std::visit(
      [&](const auto& codes) {
        Dense<Wide> wide;
        if constexpr (!std::is_same_v<std::decay_t<decltype(codes)>, Sparse>) {
          wide.reserve(std::max(reserve_rows_, codes.size()));
          wide.assign(codes.begin(), codes.end());
        }
        return wide;
      },
      codes_);
}

void CodeColumn::MakeSparse() {
  Sparse sparse;
  ForEach(0, static_cast<Row>(rows_), [&](Row row, Code code) {
    if (code != 0) sparse.emplace(row, code);
  });
  codes_ = std::move(sparse);
}

void CodeColumn::MakeDense() {
  const Sparse sparse = std::get<Sparse>(std::move(codes_));
  codes_ = Dense<std::uint32_t>(rows_);
  for (const auto& [row, code] : sparse) std::get<Dense<std::uint32_t>>(codes_)[row] = code;
}

void CodeColumn::Set(Row row, Code code) {
  if (Replace<std::uint8_t>(row, code) || Replace<std::uint16_t>(row, code) || Replace<std::uint32_t>(row, code)) {
    return;
  }
  const Code before = Get(row);
  if (before == code) return;
  rows_ = std::max<std::size_t>(rows_, row + std::size_t{1});
  if (auto* sparse = std::get_if<Sparse>(&codes_)) {
    if (code == 0) {
      sparse->erase(row);
    } else {
      (*sparse)[row] = code;
    }
    filled_ += code != 0;
    filled_ -= before != 0;
    // Twice as full as where it would become sparse again, so that it does not go to and fro.
    if (filled_ * kThin > rows_ * 2) MakeDense();
    return;
  }
  const bool beyond = std::visit([&](const auto& codes) { return row >= codes.size(); }, codes_);
  if (beyond && IsTooThinFor(row)) {
    MakeSparse();
    return Set(row, code);
  }
  filled_ += code != 0;
  filled_ -= before != 0;
  const bool narrow = std::holds_alternative<Dense<std::uint8_t>>(codes_);
  if (code > std::numeric_limits<std::uint16_t>::max() && !std::holds_alternative<Dense<std::uint32_t>>(codes_)) {
    Widen<std::uint32_t>();
  } else if (narrow && code > std::numeric_limits<std::uint8_t>::max()) {
    Widen<std::uint16_t>();
  }
  std::visit(
      [&](auto& codes) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(codes)>, Sparse>) {
          if (row >= codes.size()) {
            if (codes.capacity() < reserve_rows_) codes.reserve(reserve_rows_);
            codes.resize(row + std::size_t{1});
          }
          codes[row] = static_cast<typename std::decay_t<decltype(codes)>::value_type>(code);
        }
      },
      codes_);
}

std::size_t CodeColumn::MemoryBytes() const {
  return std::visit(
      [](const auto& codes) {
        if constexpr (std::is_same_v<std::decay_t<decltype(codes)>, Sparse>) {
          return codes.size() * 2 * sizeof(void*) + codes.size() * 16 + codes.bucket_count() * sizeof(void*);
        } else {
          return codes.capacity() * sizeof(codes[0]);
        }
      },
      codes_);
}

}  // namespace motley
