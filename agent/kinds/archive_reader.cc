#include "agent/kinds/archive_reader.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "agent/exec/command_stream.h"
#include "agent/supervise/log_reader.h"
#include "agent/unpack/entry_frames.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::size_t kBufferBytes = 65536;
constexpr std::size_t kControlLimitBytes = 65536;
// Sooner than the engine gives a step up, so that it ends with a message of its own.
constexpr std::chrono::minutes kDeadline{14};
constexpr std::uint64_t kErrorOutputBytes = 16384;
constexpr int kSignalled = 128;

}  // namespace

struct ArchiveReader::State {
  std::string path;
  CommandStream stream;
  std::array<char, kBufferBytes> buffer;
  /// What was read and not taken yet.
  std::string_view ahead;
  /// Of the content frame under way, and of the entry: bytes that are still to come.
  std::uint64_t frame_left = 0;
  std::uint64_t entry_left = 0;

  /// At least one byte ahead. Errors: it ended before it said so.
  Result<void> Fill() {
    if (!ahead.empty()) return {};
    TRY_ASSIGN(const std::size_t size, stream.Read(buffer));
    if (size == 0) return CutOff();
    ahead = std::string_view(buffer.data(), size);
    return {};
  }

  Error CutOff() {
    const auto end = stream.Finish();
    if (!end) return end.error();
    const auto words = end->LastWords();
    std::string why = end->code > kSignalled ? "was ended by signal " + std::to_string(end->code - kSignalled)
                                             : "ended with exit code " + std::to_string(end->code);
    if (!words.empty()) why += " (" + words + ")";
    return Error{Code::kUnavailable, "motley-unpack " + why + " in the middle of " + path +
                                         "; see that the gateway has memory left, or pack it anew"};
  }

  Error Strange() const {
    return Error{Code::kCorrupt,
                 "motley-unpack says of " + path + " what can not be understood; install it anew, with the agent"};
  }

  Result<std::string> Take(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      TRY(Fill());
      const auto part = ahead.substr(0, size - bytes.size());
      bytes += part;
      ahead.remove_prefix(part.size());
    }
    return bytes;
  }

  Result<FrameHeader> TakeHeader() {
    TRY_ASSIGN(const auto bytes, Take(kFrameHeaderBytes));
    const auto header = ReadFrameHeader(bytes);
    if (!header) return Strange();
    return *header;
  }
};

ArchiveReader::ArchiveReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader::~ArchiveReader() = default;

Result<ArchiveReader> ArchiveReader::Open(const std::string& unpack, const std::string& what, const std::string& path) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return SystemError("open " + path, errno);
  Command command;
  command.arguments = {unpack, what};
  // Nothing of the agent's: neither tokens nor what changes how libraries are loaded.
  command.environment = {"PATH=/usr/bin:/bin"};
  command.deadline = kDeadline;
  command.output_limit_bytes = kErrorOutputBytes;
  auto stream = CommandStream::Start(command, std::move(file));
  if (!stream && stream.error().code == Code::kNotFound) {
    return Error{Code::kNotFound, stream.error().message + ", which unpacks archives; install it beside motley-agent"};
  }
  if (!stream) return stream.error();
  return ArchiveReader(std::unique_ptr<State>(new State{path, *std::move(stream), {}, {}, 0, 0}));
}

Result<ArchiveReader> ArchiveReader::OpenTar(const std::string& unpack, const std::string& path) {
  return Open(unpack, "tar", path);
}

Result<ArchiveReader> ArchiveReader::OpenDeb(const std::string& unpack, const std::string& path) {
  return Open(unpack, "deb-control", path);
}

Result<std::optional<ArchiveEntry>> ArchiveReader::Next() {
  State& state = *state_;
  while (true) {
    TRY_ASSIGN(const auto block, Read());
    if (block.empty()) break;
  }
  TRY_ASSIGN(const auto header, state.TakeHeader());
  if (header.kind == FrameKind::kEnd) return std::optional<ArchiveEntry>();
  TRY_ASSIGN(const auto payload, state.Take(header.payload_bytes));
  if (header.kind == FrameKind::kFailure) return Error{Code::kCorrupt, ToUtf8(payload)};
  auto entry = header.kind == FrameKind::kEntry ? ReadEntry(payload) : std::nullopt;
  if (!entry) return state.Strange();
  state.entry_left = entry->type == ArchiveEntry::Type::kFile ? entry->size_bytes : 0;
  return entry;
}

Result<std::string_view> ArchiveReader::Read() {
  State& state = *state_;
  while (state.entry_left > 0 && state.frame_left == 0) {
    TRY_ASSIGN(const auto header, state.TakeHeader());
    if (header.kind == FrameKind::kFailure) {
      state.entry_left = 0;
      TRY_ASSIGN(const auto sentence, state.Take(header.payload_bytes));
      return Error{Code::kCorrupt, ToUtf8(sentence)};
    }
    if (header.kind != FrameKind::kContent || header.payload_bytes > state.entry_left) return state.Strange();
    state.frame_left = header.payload_bytes;
  }
  if (state.entry_left == 0) return std::string_view();
  TRY(state.Fill());
  const auto block = state.ahead.substr(0, state.frame_left);
  state.ahead.remove_prefix(block.size());
  state.frame_left -= block.size();
  state.entry_left -= block.size();
  return block;
}

Result<std::string> ReadDebControl(const std::string& unpack, const std::string& path) {
  TRY_ASSIGN(auto reader, ArchiveReader::OpenDeb(unpack, path));
  auto entry = reader.Next();
  if (!entry && entry.error().code == Code::kCorrupt)
    return std::move(entry).error().While(path + " is no Debian package");
  if (!entry) return entry.error();
  const bool is_good = *entry && (*entry)->size_bytes <= kControlLimitBytes;
  if (!is_good) return Error{Code::kCorrupt, path + " is no Debian package: its control file is too large"};
  std::string control;
  while (true) {
    TRY_ASSIGN(const auto block, reader.Read());
    if (block.empty()) return control;
    control += block;
  }
}

}  // namespace motley::agent
