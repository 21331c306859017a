#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace motley {

/// A set of numbers below size(), one bit each.
class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(std::size_t size, bool value = false)
      : size_(size), words_((size + 63) / 64, value ? ~std::uint64_t{0} : 0) {
    ClearTail();
  }

  std::size_t size() const { return size_; }
  bool Get(std::size_t i) const { return (words_[i / 64] >> (i % 64) & 1) != 0; }
  void Set(std::size_t i) { words_[i / 64] |= std::uint64_t{1} << (i % 64); }
  /// As Set, if `value`.
  void SetIf(std::size_t i, bool value) { words_[i / 64] |= std::uint64_t{value} << (i % 64); }

  /// The numbers from 64 * `index` on, the lowest first; those from size() on must be 0.
  void SetWord(std::size_t index, std::uint64_t word) { words_[index] = word; }

  /// Both have the same size.
  Bitmap& operator&=(const Bitmap& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
    return *this;
  }
  Bitmap& operator|=(const Bitmap& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  Bitmap& Flip() {
    for (std::uint64_t& word : words_) word = ~word;
    ClearTail();
    return *this;
  }

  std::size_t Count() const {
    std::size_t count = 0;
    for (std::uint64_t word : words_) count += static_cast<std::size_t>(std::popcount(word));
    return count;
  }
  /// Calls `f(i)` for each number in the set, ascending.
  template <typename F>
  void ForEach(F f) const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t word = words_[w]; word != 0; word &= word - 1) {
        f(w * 64 + static_cast<std::size_t>(std::countr_zero(word)));
      }
    }
  }

  const std::vector<std::uint64_t>& words() const { return words_; }
  bool operator==(const Bitmap&) const = default;

 private:
  void ClearTail() {
    if (size_ % 64 != 0) words_.back() &= (std::uint64_t{1} << (size_ % 64)) - 1;
  }

  std::size_t size_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace motley
