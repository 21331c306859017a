#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/fleet/index.h"

namespace motley {

/// One code for each row, 0 for those that were never set. What Share gives holds the same memory until one of the two
/// changes there, so that it costs next to nothing, and another thread may read it while this one goes on. A plain copy
/// has memory of its own.
class SharedCodes {
 public:
  using Row = FleetIndex::Row;
  using Code = std::uint32_t;

  SharedCodes() = default;
  SharedCodes(const SharedCodes& other);
  SharedCodes& operator=(const SharedCodes& other);
  SharedCodes(SharedCodes&&) = default;
  SharedCodes& operator=(SharedCodes&&) = default;

  /// As it is now, whatever is set later.
  SharedCodes Share();

  Code At(Row row) const { return row < row_limit() ? (*parts_[row / kRows].codes)[row % kRows] : 0; }
  /// Copies up to 64 KiB where what it changes is shared.
  void Set(Row row, Code code);
  /// All rows that were set are below.
  std::size_t row_limit() const { return parts_.size() * kRows; }

 private:
  static constexpr std::size_t kRows = 1 << 14;
  using Codes = std::array<Code, kRows>;
  struct Part {
    std::shared_ptr<Codes> codes;
    /// Whether others may read it. Not asked of the pointer: that they have let go of it would not be known in time.
    bool shared = false;
  };

  std::vector<Part> parts_;
};

}  // namespace motley
