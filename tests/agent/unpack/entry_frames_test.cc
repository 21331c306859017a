#include "agent/unpack/entry_frames.h"

#include <gtest/gtest.h>

namespace motley::agent {
namespace {

using Type = ArchiveEntry::Type;

TEST(EntryFrames, ReadWhatWasWritten) {
  const ArchiveEntry entries[] = {
      {},
      {.path = "a/b",
       .type = Type::kFile,
       .mode = 07777,
       .size_bytes = 1ULL << 40,
       .modified_ns = 1'700'000'000'000'000'001},
      {.path = "link", .type = Type::kLink, .mode = 0777, .target = "../elsewhere"},
      {.path = "\xFF", .type = Type::kHardLink, .target = "a/b"},
  };
  for (const auto& entry : entries) {
    const auto read = ReadEntry(WriteEntry(entry));
    ASSERT_TRUE(read) << entry.path;
    EXPECT_EQ(read->path, entry.path);
    EXPECT_EQ(read->type, entry.type);
    EXPECT_EQ(read->mode, entry.mode);
    EXPECT_EQ(read->size_bytes, entry.size_bytes);
    EXPECT_EQ(read->modified_ns, entry.modified_ns);
    EXPECT_EQ(read->target, entry.target);
  }
  const auto bytes = WriteFrameHeader({FrameKind::kContent, 70'000});
  const auto header = ReadFrameHeader({bytes.data(), bytes.size()});
  ASSERT_TRUE(header);
  EXPECT_EQ(header->kind, FrameKind::kContent);
  EXPECT_EQ(header->payload_bytes, 70'000u);
}

TEST(EntryFrames, TakeNothingElse) {
  const auto header = [](std::uint32_t kind, std::uint32_t size) {
    const auto bytes = WriteFrameHeader({static_cast<FrameKind>(kind), size});
    return ReadFrameHeader({bytes.data(), bytes.size()}).has_value();
  };
  EXPECT_FALSE(header(0, 1));
  EXPECT_FALSE(header(5, 1));
  EXPECT_TRUE(header(2, kMostPayloadBytes));
  EXPECT_FALSE(header(2, kMostPayloadBytes + 1));
  EXPECT_FALSE(ReadFrameHeader("short"));

  const auto whole = WriteEntry({.path = "abc", .type = Type::kFile, .mode = 0644});
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(ReadEntry(whole.substr(0, size))) << size;
  const auto with = [&whole](std::size_t at, char byte) {
    auto changed = whole;
    changed[at] = byte;
    return ReadEntry(changed).has_value();
  };
  EXPECT_FALSE(with(0, 7)) << "no such type";
  EXPECT_FALSE(with(5, 0x10)) << "more bits than a mode has";
  EXPECT_FALSE(with(23, '\x80')) << "before 1970";
  EXPECT_FALSE(with(24, 4)) << "a path longer than the payload";
  EXPECT_FALSE(with(whole.size() - 1, '\0'));
  EXPECT_FALSE(ReadEntry(WriteEntry({.path = std::string(kMostNameBytes, 'x'), .target = "y"})));
}

}  // namespace
}  // namespace motley::agent
