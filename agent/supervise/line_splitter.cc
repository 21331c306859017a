#include "agent/supervise/line_splitter.h"

#include <string.h>

namespace motley::agent {

std::size_t LineSplitter::Take(std::string_view piece) {
  if (has_line_) {
    has_line_ = false;
    size_ = 0;
  }
  const auto end = piece.find('\n');
  const bool complete = end != std::string_view::npos;
  const auto length = complete ? end : piece.size();
  const auto taken = complete ? length + 1 : length;
  if (dropping_) {
    dropping_ = !complete;
    return taken;
  }
  const auto room = kMaxLineBytes - size_;
  if (length > room) {
    memcpy(line_ + size_, piece.data(), room);
    memcpy(line_ + kMaxLineBytes, kCutMark.data(), kCutMark.size());
    size_ = kMaxLineBytes + kCutMark.size();
    has_line_ = true;
    dropping_ = true;
    return room;
  }
  memcpy(line_ + size_, piece.data(), length);
  size_ += length;
  if (complete) {
    if (size_ > 0 && line_[size_ - 1] == '\r') --size_;
    has_line_ = true;
  }
  return taken;
}

}  // namespace motley::agent
