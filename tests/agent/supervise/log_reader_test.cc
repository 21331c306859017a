#include "agent/supervise/log_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "agent/supervise/log_file.h"
#include "common/files/files.h"
#include "tests/agent/supervise/small_disk.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LogTest : public ::testing::Test {
 protected:
  std::vector<std::string> Texts(const std::string& folder, std::size_t lines) {
    auto read = ReadSupervisedLog(folder, lines);
    EXPECT_TRUE(read);
    std::vector<std::string> texts;
    for (const auto& line : *read) texts.push_back(line.stream() + ":" + line.text());
    return texts;
  }
  std::uint64_t SizeBytes(const std::string& path) { return ReadFile(path, 1 << 24).value().size(); }

  tests::TemporaryFolder folder_;
  UniqueFd folder_fd_{open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY)};
};

TEST_F(LogTest, IsReadBackFromItsEnd) {
  LogFile log(folder_fd_.get(), 1 << 20);
  log.Append("out", "one");
  log.Append("err", "two words");
  log.Append("agent", "");
  EXPECT_THAT(Texts(folder_.path(), 10), ElementsAre("out:one", "err:two words", "agent:"));
  EXPECT_THAT(Texts(folder_.path(), 2), ElementsAre("err:two words", "agent:"));
  EXPECT_THAT(Texts(folder_.path(), 0), IsEmpty());
}

TEST_F(LogTest, GoesOnInTheFileThatIsThere) {
  LogFile(folder_fd_.get(), 1 << 20).Append("out", "before");
  LogFile(folder_fd_.get(), 1 << 20).Append("out", "after");
  EXPECT_THAT(Texts(folder_.path(), 10), ElementsAre("out:before", "out:after"));
}

TEST_F(LogTest, IsEmptyWhereThereIsNone) { EXPECT_THAT(Texts(folder_ / "nowhere", 10), IsEmpty()); }

TEST_F(LogTest, StaysWithinItsSizeAndKeepsTheLastLines) {
  constexpr std::uint64_t kLimitBytes = 16384;
  LogFile log(folder_fd_.get(), kLimitBytes);
  for (int i = 0; i < 5000; ++i) {
    log.Append("out", "line " + std::to_string(i));
    if (i % 500 == 499) {
      EXPECT_LE(SizeBytes(folder_ / "log") + SizeBytes(folder_ / "log.1"), kLimitBytes);
    }
  }
  const auto texts = Texts(folder_.path(), 300);
  ASSERT_EQ(texts.size(), 300u);
  // Over the border between the two files without a gap.
  for (int i = 0; i < 300; ++i) EXPECT_EQ(texts[static_cast<std::size_t>(i)], "out:line " + std::to_string(4700 + i));
}

TEST_F(LogTest, DropsLinesOnAFullDiskAndSaysSoLater) {
  tests::SmallDisk disk(64 << 10);
  const UniqueFd fd(open(disk.path().c_str(), O_RDONLY | O_DIRECTORY));
  LogFile log(fd.get(), 1 << 20);
  log.Append("out", "before");
  disk.Fill();
  for (int i = 0; i < 1000; ++i) log.Append("out", std::string(100, 'x'));
  const auto while_full = Texts(disk.path(), 5000);
  // What was written is whole: no half lines.
  for (const auto& text : while_full) EXPECT_THAT(text, ::testing::AnyOf("out:before", "out:" + std::string(100, 'x')));
  EXPECT_LT(while_full.size(), 1000u);
  disk.Empty();
  log.Append("out", "after");
  const auto texts = Texts(disk.path(), 2);
  EXPECT_THAT(texts, ElementsAre(HasSubstr("lines were dropped here: No space left on device"), "out:after"));
  EXPECT_EQ(texts[0],
            "agent:" + std::to_string(1001 - while_full.size()) + " lines were dropped here: No space left on device");
}

TEST(Utf8, KeepsWhatIsValidAndReplacesTheRest) {
  EXPECT_EQ(ToUtf8("plain"), "plain");
  EXPECT_EQ(ToUtf8("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(ToUtf8("a\xFFz"), "a" + bad + "z");
  EXPECT_EQ(ToUtf8("\xC3"), bad);                                // cut off
  EXPECT_EQ(ToUtf8("\xC0\xAF"), bad + bad);                      // longer than it need be
  EXPECT_EQ(ToUtf8("\xED\xA0\x80"), bad + bad + bad);            // half of a pair
  EXPECT_EQ(ToUtf8("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // beyond the last character
}

}  // namespace
}  // namespace motley::agent
