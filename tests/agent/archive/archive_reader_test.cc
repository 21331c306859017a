#include "agent/kinds/archive_reader.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "agent/unpack/entry_frames.h"
#include "common/files/files.h"
#include "tests/agent/archive/tar_writer.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::agent {
namespace {

using ::testing::HasSubstr;

class ArchiveReaderTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& content) {
    const auto path = folder_ / name;
    ASSERT_TRUE(MakeFolder(std::filesystem::path(path).parent_path().string()));
    ASSERT_TRUE(WriteFileAtomically(path, content, 0644));
  }
  static void Run(const std::vector<std::string>& arguments) {
    const auto finished = tests::RunProgram(arguments, {{"LC_ALL", "C"}});
    ASSERT_EQ(finished.exit_code, 0) << finished.output;
  }
  static Result<std::string> ReadFirst(const std::string& path,
                                       const std::string& unpack = tests::Built("motley-unpack")) {
    TRY_ASSIGN(auto reader, ArchiveReader::OpenTar(unpack, path));
    while (true) {
      TRY_ASSIGN(const auto entry, reader.Next());
      if (!entry) return std::string("(no file)");
      if (entry->type != ArchiveEntry::Type::kFile) continue;
      std::string text = entry->path + "=";
      while (true) {
        TRY_ASSIGN(const auto block, reader.Read());
        if (block.empty()) return text;
        text += block;
      }
    }
  }

  tests::TemporaryFolder folder_;
};

TEST_F(ArchiveReaderTest, ReadsWhatTarPacksInEachFormatAndPacking) {
  Write("in/größe.txt", "zwölf\n");
  for (const std::string format : {"ustar", "gnu", "posix"}) {
    for (const std::string packing : {"", "--gzip", "--xz", "--zstd"}) {
      const auto path = folder_ / ("out-" + format + packing);
      std::vector<std::string> arguments = {"tar", "--format=" + format, "-C", folder_ / "in", "-cf", path, "."};
      if (!packing.empty()) arguments.insert(arguments.begin() + 1, packing);
      Run(arguments);
      const auto read = ReadFirst(path);
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_EQ(*read, "./größe.txt=zwölf\n") << format << packing;
    }
  }
}

TEST_F(ArchiveReaderTest, ReadsSparseFilesAsTheyAre) {
  Write("in/hole", "");
  std::filesystem::resize_file(folder_ / "in/hole", 300000);
  Run({"tar", "--sparse", "-C", folder_ / "in", "-cf", folder_ / "out.tar", "."});
  const auto read = ReadFirst(folder_ / "out.tar");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == "./hole=" + std::string(300000, '\0')) << read->size();
}

TEST_F(ArchiveReaderTest, SaysWhenItIsNoArchiveOrADamagedOne) {
  Write("text", "no archive at all\n");
  Write("empty", "");
  Write("zip", "PK\x03\x04 and so on");
  for (const std::string name : {"text", "zip"}) {
    const auto read = ReadFirst(folder_ / name);
    ASSERT_FALSE(read) << name << *read;
    EXPECT_EQ(read.error().code, Code::kCorrupt);
    EXPECT_THAT(read.error().message, HasSubstr(".tar.zst"));
  }
  EXPECT_FALSE(ReadFirst(folder_ / "empty"));
  EXPECT_EQ(ReadFirst(folder_ / "none").error().code, Code::kNotFound);
  tests::WriteTar(folder_ / "whole.tar", {{.path = "a", .content = std::string(100000, 'x')}});
  for (const std::size_t size : {50000, 700}) {
    std::filesystem::copy_file(folder_ / "whole.tar", folder_ / "part.tar",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder_ / "part.tar", size);
    const auto read = ReadFirst(folder_ / "part.tar");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::kCorrupt);
  }
}

TEST_F(ArchiveReaderTest, ReadsTheControlFileOfADebianPackage) {
  Write("root/DEBIAN/control",
        "Package: motley-tiny\nVersion: 1.2-3\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: tiny\n");
  for (const std::string packing : {"gzip", "xz", "zstd", "none"}) {
    const auto path = folder_ / (packing + ".deb");
    Run({"dpkg-deb", "--root-owner-group", "-Z" + packing, "--build", folder_ / "root", path});
    const auto control = ReadDebControl(tests::Built("motley-unpack"), path);
    ASSERT_TRUE(control) << control.error().message;
    EXPECT_THAT(*control, HasSubstr("Version: 1.2-3\n"));
  }
  Write("text", "no package\n");
  EXPECT_EQ(ReadDebControl(tests::Built("motley-unpack"), folder_ / "text").error().code, Code::kCorrupt);
  EXPECT_THAT(ReadDebControl(tests::Built("motley-unpack"), folder_ / "text").error().message,
              HasSubstr("is no Debian package"));
  EXPECT_EQ(ReadDebControl(tests::Built("motley-unpack"), folder_ / "none").error().code, Code::kNotFound);
}

TEST_F(ArchiveReaderTest, LeavesOutWhatIsNotRead) {
  tests::WriteTar(folder_ / "two.tar", {{.path = "a", .content = std::string(3'000'000, 'x')}, {.path = "b"}});
  auto reader = ArchiveReader::OpenTar(tests::Built("motley-unpack"), folder_ / "two.tar");
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader->Next());
  const auto second = reader->Next();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->path, "b");
  const auto end = reader->Next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

// What has parsed hostile bytes may have been taken over by them.
TEST_F(ArchiveReaderTest, TrustsNothingThatTheProgramSays) {
  const auto frame = [](FrameKind kind, const std::string& payload) {
    const auto header = WriteFrameHeader({kind, static_cast<std::uint32_t>(payload.size())});
    return std::string(header.data(), header.size()) + payload;
  };
  const ArchiveEntry file{.path = "a", .type = ArchiveEntry::Type::kFile, .size_bytes = 4};
  ArchiveEntry cut = file;
  cut.path = std::string("a\0b", 3);
  const auto entry = frame(FrameKind::kEntry, WriteEntry(file));
  const std::string strange[] = {
      "HTTP/1.1 200 OK\r\n",
      frame(FrameKind::kContent, "abcd"),
      entry + frame(FrameKind::kContent, "abcde"),
      entry + frame(FrameKind::kContent, "abc") + frame(FrameKind::kEnd, ""),
      entry + entry,
      frame(FrameKind::kEntry, WriteEntry(cut)),
      frame(FrameKind::kEntry, "short"),
      std::string("\x01\0\0\0\xFF\xFF\xFF\xFF", 8),
  };
  tests::WriteTar(folder_ / "any.tar", {{.path = "a"}});
  Write("says", "");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "unpack", "#!/bin/sh\nexec cat " + (folder_ / "says") + "\n", 0755));
  for (const auto& says : strange) {
    Write("says", says);
    const auto read = ReadFirst(folder_ / "any.tar", folder_ / "unpack");
    ASSERT_FALSE(read) << *read;
    EXPECT_EQ(read.error().code, Code::kCorrupt) << read.error().message;
    EXPECT_THAT(read.error().message, HasSubstr("can not be understood; install it anew"));
  }
  Write("says", entry + frame(FrameKind::kContent, "ab") + frame(FrameKind::kContent, "cd"));
  EXPECT_EQ(*ReadFirst(folder_ / "any.tar", folder_ / "unpack"), "a=abcd");
  Write("says", entry + frame(FrameKind::kContent, "ab") + frame(FrameKind::kFailure, "bad\xFF block"));
  EXPECT_EQ(ReadFirst(folder_ / "any.tar", folder_ / "unpack").error().message, "bad\uFFFD block");
  Write("says", entry + frame(FrameKind::kContent, "ab"));
  EXPECT_THAT(ReadFirst(folder_ / "any.tar", folder_ / "unpack").error().message,
              HasSubstr("motley-unpack ended with exit code 0 in the middle of"));
}

}  // namespace
}  // namespace motley::agent
