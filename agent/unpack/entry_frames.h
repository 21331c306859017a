#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/unpack/archive_entry.h"

/// What motley-unpack writes and the agent reads: frames, each a header of 8 bytes and a payload. An entry is followed
/// by its content in any number of frames, the last entry by kEnd; or it all ends with one kFailure, whose payload is a
/// sentence. Whoever reads trusts nothing of it: the program has parsed what may be hostile.
namespace motley::agent {

enum class FrameKind : std::uint32_t { kEntry = 1, kContent = 2, kEnd = 3, kFailure = 4 };

struct FrameHeader {
  FrameKind kind = FrameKind::kEnd;
  std::uint32_t payload_bytes = 0;
};

constexpr std::size_t kFrameHeaderBytes = 8;
/// More is never written, and not taken.
constexpr std::uint32_t kMostPayloadBytes = 1 << 20;
/// Of the names in an entry together. Far more than any file system takes: what is too long is said by who decides.
constexpr std::size_t kMostNameBytes = 1 << 16;

/// Little endian: kind, size.
std::array<char, kFrameHeaderBytes> WriteFrameHeader(const FrameHeader& header);
/// Nothing for a kind that is not known, or too large a payload.
std::optional<FrameHeader> ReadFrameHeader(std::string_view bytes);

/// The payload of an entry whose names have at most kMostNameBytes.
std::string WriteEntry(const ArchiveEntry& entry);
/// Nothing for what WriteEntry does not write.
std::optional<ArchiveEntry> ReadEntry(std::string_view payload);

}  // namespace motley::agent
