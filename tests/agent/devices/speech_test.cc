#include "agent/devices/speech.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/agent/devices/c_firmware.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

std::vector<std::uint8_t>* wire = nullptr;
void Put(std::uint8_t byte) { wire->push_back(byte); }

class SpeechTest : public testing::Test {
 protected:
  SpeechTest() { wire = &wire_; }
  ~SpeechTest() override { wire = nullptr; }

  void Say(const std::string& text) { wire_.insert(wire_.end(), text.begin(), text.end()); }
  void Receive(milliseconds at = milliseconds(5000)) {
    speech_.Add(
        wire_, Speech::Time(at),
        {.hello = [this](const Hello& hello) { hellos_.push_back(hello); },
         .line = [this](const std::string& line) { lines_.push_back(line); },
         .reading = [this](const std::string& metric, double value) { readings_.emplace_back(metric, value); }});
    wire_.clear();
  }

  std::vector<std::uint8_t> wire_;
  std::vector<Hello> hellos_;
  std::vector<std::string> lines_;
  std::vector<std::pair<std::string, double>> readings_;
  Speech speech_{{.lines_a_second = 5, .readings_a_second = 10}};
};

TEST_F(SpeechTest, IsTheSameInLinesAndInFrames) {
  Say("hello firmware=greenhouse version=1.2.0 selftest=ok\ntemperature_c=21.5 count=-7\n");
  Receive();
  const auto hellos = std::exchange(hellos_, {});
  const auto readings = std::exchange(readings_, {});
  const auto lines = std::exchange(lines_, {});
  c_firmware_hello(Put);
  c_firmware_reading_float(Put, "temperature_c", 21.5F);
  c_firmware_reading_int(Put, "count", -7);
  c_firmware_text(Put, "door open, temperature_c=3");
  Receive();
  EXPECT_EQ(hellos, hellos_);
  EXPECT_THAT(hellos_, ElementsAre(Hello{"greenhouse", "1.2.0", "ok"}));
  EXPECT_EQ(lines[0], lines_[0]);
  EXPECT_THAT(lines_, ElementsAre("hello firmware=greenhouse version=1.2.0 selftest=ok", "door open, temperature_c=3"));
  EXPECT_THAT(readings, ElementsAre(Pair("temperature_c", 21.5), Pair("count", -7)));
  EXPECT_THAT(readings_, ElementsAre(Pair("temperature_c", 21.5), Pair("count", -7), Pair("temperature_c", 3)));
  EXPECT_EQ(speech_.counts(), Speech::Counts());
}

TEST_F(SpeechTest, LeavesOutAndCountsWhatIsWrongInFrames) {
  c_firmware_reading_float(Put, "t", NAN);
  c_firmware_reading_float(Put, "t", -INFINITY);
  for (const char* name : {"", "two words", "a=b", "\xc3\xa4"}) c_firmware_reading_int(Put, name, 1);
  c_firmware_reading_int(Put, std::string(64, 'x').c_str(), 1);
  c_firmware_reading_int(Put, std::string(63, 'x').c_str(), 1);
  Receive();
  EXPECT_THAT(readings_, ElementsAre(Pair(std::string(63, 'x'), 1)));
  EXPECT_EQ(speech_.counts().refused_values, 7u);
}

TEST_F(SpeechTest, RefusesHellosThatALineCouldNotSay) {
  c_firmware_say_hello(Put, "", "1.0.0", "");
  c_firmware_say_hello(Put, "blink", "", "");
  c_firmware_say_hello(Put, "two words", "1.0.0", "");
  c_firmware_say_hello(Put, "blink", "1.0\n", "");
  c_firmware_say_hello(Put, "blink", "1.0.0", "no\x1b[2J sensor");
  c_firmware_say_hello(Put, "blink", "1.0.0", "no sensor");
  Receive();
  EXPECT_THAT(hellos_, ElementsAre(Hello{"blink", "1.0.0", "no sensor"}));
  EXPECT_EQ(speech_.counts().refused_values, 5u);
}

TEST_F(SpeechTest, HasLimitsForASecondThatHellosDoNotHave) {
  for (int i = 0; i < 20; ++i) Say("n=1\n");
  Say("hello firmware=blink version=1.0.0\n");
  Receive(milliseconds(5000));
  EXPECT_THAT(lines_, SizeIs(5));
  EXPECT_THAT(readings_, SizeIs(10));
  EXPECT_THAT(hellos_, SizeIs(1));
  EXPECT_EQ(speech_.counts().dropped_lines, 16u);
  EXPECT_EQ(speech_.counts().dropped_readings, 10u);
  Say("n=1\n");
  Receive(milliseconds(5999));
  EXPECT_THAT(lines_, SizeIs(5));
  Say("n=1\n");
  Receive(milliseconds(6000));
  EXPECT_THAT(lines_, SizeIs(6));
  EXPECT_EQ(speech_.counts().dropped_lines, 17u);
}

TEST_F(SpeechTest, CountsBrokenFrames) {
  c_firmware_reading_int(Put, "count", 5);
  wire_[6] ^= 1;
  Receive();
  EXPECT_THAT(readings_, IsEmpty());
  EXPECT_EQ(speech_.counts().broken_frames, 1u);
}

TEST_F(SpeechTest, HearsALineBehindAStrayZeroAtOnce) {
  for (const std::string& noise : {std::string(1, '\0'), std::string("\0\xf8\x01", 3), std::string("\0\r\n", 3)}) {
    Say(noise + "hello firmware=blink version=1.0.0\n");
    Receive();
    EXPECT_THAT(hellos_, ElementsAre(Hello{"blink", "1.0.0"})) << testing::PrintToString(noise);
    hellos_.clear();
  }
  Say(std::string("\0n=1\n", 5));
  Receive();
  EXPECT_THAT(readings_, ElementsAre(Pair("n", 1)));
}

TEST_F(SpeechTest, TakesNoFrameForALine) {
  const std::string name(40, 'x');
  for (const std::string& text : {std::string("a\nb"), std::string(60, '\n'), std::string(200, 'x') + "\n"}) {
    c_firmware_text(Put, text.c_str());
  }
  c_firmware_say_hello(Put, name.c_str(), "1.0.0\n", name.c_str());
  c_firmware_say_hello(Put, name.c_str(), name.c_str(), name.c_str());
  // Byte by byte, so that each beginning of a frame is looked at.
  for (const std::uint8_t byte : std::exchange(wire_, {})) {
    wire_ = {byte};
    Receive();
  }
  EXPECT_THAT(hellos_, ElementsAre(Hello{name, name, name}));
  EXPECT_THAT(lines_, ElementsAre("a", "b", std::string(200, 'x'), testing::StartsWith("hello firmware=xx")));
  EXPECT_EQ(speech_.counts().broken_frames, 0u);
}

}  // namespace
}  // namespace motley::agent
