#pragma once

#include <cstddef>
#include <string_view>

namespace motley::agent {

/// Cuts a stream of bytes into lines. A line of more than kMaxLineBytes is handed out as far as that, marked as cut,
/// and the rest of it is dropped: a program that never ends its line needs no more memory than any other.
class LineSplitter {
 public:
  static constexpr std::size_t kMaxLineBytes = 4096;

  /// Takes the next piece; `sink(std::string_view line)` gets each line that is complete, without its end.
  template <typename Sink>
  void Feed(std::string_view piece, Sink&& sink) {
    while (!piece.empty()) {
      piece.remove_prefix(Take(piece));
      if (has_line_) sink(Line());
    }
  }

  /// The stream has ended: hands out what is left.
  template <typename Sink>
  void Flush(Sink&& sink) {
    if (size_ > 0 && !has_line_) sink(std::string_view(line_, size_));
    *this = {};
  }

 private:
  /// Takes bytes up to the end of a line at most; says how many.
  std::size_t Take(std::string_view piece);
  /// The complete line; the next Take starts another.
  std::string_view Line() const { return std::string_view(line_, size_); }

  static constexpr std::string_view kCutMark = " [cut]";
  char line_[kMaxLineBytes + kCutMark.size()] = {};
  std::size_t size_ = 0;
  bool has_line_ = false;
  /// The rest of the line is to be dropped.
  bool dropping_ = false;
};

}  // namespace motley::agent
