#include "agent/unpack/frame_writer.h"

#include <sys/uio.h>

#include <cerrno>
#include <cstring>

namespace motley::agent {

Result<void> FrameWriter::Entry(const ArchiveEntry& entry) {
  if (entry.path.size() + entry.target.size() > kMostNameBytes) {
    return Error{Code::kCorrupt, "entry \"" + entry.path.substr(0, 100) + "...\" has a name of more than " +
                                     std::to_string(kMostNameBytes) + " bytes; shorten it"};
  }
  return Write(FrameKind::kEntry, WriteEntry(entry));
}

Result<void> FrameWriter::Content(std::string_view bytes) {
  return bytes.empty() ? Result<void>() : Write(FrameKind::kContent, bytes);
}

Result<void> FrameWriter::End() { return Write(FrameKind::kEnd, ""); }

Result<void> FrameWriter::Failure(std::string_view sentence) {
  return Write(FrameKind::kFailure, sentence.substr(0, kMostPayloadBytes));
}

Result<void> FrameWriter::Write(FrameKind kind, std::string_view payload) {
  auto header = WriteFrameHeader({kind, static_cast<std::uint32_t>(payload.size())});
  iovec parts[2] = {{header.data(), header.size()}, {const_cast<char*>(payload.data()), payload.size()}};
  iovec* next = parts;
  for (int left = 2; left > 0;) {
    const auto size = writev(fd_, next, left);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Error{Code::kUnavailable, std::string("write the output: ") + std::strerror(errno)};
    auto written = static_cast<std::size_t>(size);
    while (left > 0 && written >= next->iov_len) {
      written -= next->iov_len;
      ++next;
      --left;
    }
    if (left == 0) break;
    next->iov_base = static_cast<char*>(next->iov_base) + written;
    next->iov_len -= written;
  }
  return {};
}

}  // namespace motley::agent
