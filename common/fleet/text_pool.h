#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace motley {

/// Short texts packed closely: a text costs its length and 2 bytes, rounded up to 4. Released room is given to later
/// texts of the same size; texts never move.
class TextPool {
 public:
  /// Where a text lies, in units of 4 bytes.
  using Place = std::uint32_t;

  static constexpr std::size_t kMaxBytes = 4096;

  /// `text` has at most kMaxBytes.
  Place Add(std::string_view text);
  /// Valid until the text is released.
  std::string_view At(Place place) const {
    const char* address = Address(place);
    std::uint16_t length = 0;
    std::memcpy(&length, address, sizeof length);
    return {address + sizeof length, length};
  }
  void Release(Place place);

  std::size_t MemoryBytes() const;

 private:
  static constexpr std::size_t kUnit = 4;
  static constexpr std::size_t kChunkUnits = 1 << 14;

  static std::size_t UnitsFor(std::size_t bytes) { return (bytes + 2 + kUnit - 1) / kUnit; }
  const char* Address(Place place) const { return chunks_[place / kChunkUnits].get() + place % kChunkUnits * kUnit; }
  char* Address(Place place) { return chunks_[place / kChunkUnits].get() + place % kChunkUnits * kUnit; }

  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t used_units_ = kChunkUnits;  // of the last chunk; full where there is none
  /// Released places, by their size in units.
  std::vector<std::vector<Place>> released_;
};

}  // namespace motley
