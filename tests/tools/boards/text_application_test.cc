#include "tools/boards/text_application.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tools/boards/text_image.h"

namespace motley::boards {
namespace {

using std::chrono::milliseconds;

std::optional<TextApplication> Application(const std::string& words) {
  return TextApplication::Find(MakeTextImage({.size_bytes = 2048, .words = words}));
}

std::string Said(TextApplication& application) {
  std::string text;
  for (const SentByte& byte : application.TakeOutput()) text += static_cast<char>(byte.value);
  return text;
}

TEST(TextApplication, SaysHelloAfterItsStartAndThenItsUptime) {
  auto application = Application("firmware=blink version=1.0.0 hello=on selftest=ok");
  ASSERT_TRUE(application);
  EXPECT_EQ(application->Word("version"), "1.0.0");
  application->Start(milliseconds(500));
  EXPECT_EQ(application->NextEvent(), milliseconds(520));
  application->Advance(milliseconds(520));
  EXPECT_EQ(Said(*application), "hello firmware=blink version=1.0.0 selftest=ok\r\n");
  application->Advance(milliseconds(1500));
  EXPECT_EQ(Said(*application), "uptime_ms=1000\r\n");
  EXPECT_EQ(application->NextEvent(), milliseconds(2500));
}

TEST(TextApplication, CanBeSilentOrCrashOrSpeakAtAnotherRate) {
  auto silent = Application("firmware=a hello=off");
  silent->Start(Micros(0));
  EXPECT_FALSE(silent->NextEvent());
  auto crashing = Application("firmware=a hello=off crash_ms=300 baud=57600");
  crashing->Start(Micros(0));
  EXPECT_EQ(crashing->NextEvent(), milliseconds(300));
  EXPECT_EQ(crashing->Advance(milliseconds(299)), TextApplication::Outcome::kRuns);
  EXPECT_EQ(crashing->Advance(milliseconds(300)), TextApplication::Outcome::kCrashed);
  EXPECT_EQ(crashing->format().baud, 57600u);
}

TEST(TextApplication, IsNoneWithoutMarkerEndOrNumbers) {
  EXPECT_FALSE(TextApplication::Find(std::vector<std::uint8_t>(4096, 0xff)));
  EXPECT_FALSE(Application("firmware=a crash_ms=soon"));
  auto endless = MakeTextImage({.size_bytes = 64, .words = "firmware=a"});
  std::replace(endless.begin(), endless.end(), std::uint8_t{0}, std::uint8_t{1});
  EXPECT_FALSE(TextApplication::Find(endless));
}

TEST(TextImage, IsTheSameForTheSameSeedAndDiffersInTheChangedPageOnly) {
  const TextImage image{.size_bytes = 4096, .words = "firmware=a", .seed = 7, .prefix = {1, 2, 3}};
  TextImage changed = image;
  changed.changed_page = 5;
  TextImage other = image;
  other.seed = 8;
  const auto bytes = MakeTextImage(image);
  EXPECT_EQ(bytes, MakeTextImage(image));
  EXPECT_NE(bytes, MakeTextImage(other));
  EXPECT_EQ(bytes[2], 3);
  const auto changed_bytes = MakeTextImage(changed);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_EQ(bytes[at] != changed_bytes[at], at / 256 == 5) << at;
  }
}

}  // namespace
}  // namespace motley::boards
