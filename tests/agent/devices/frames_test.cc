#include "agent/devices/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/agent/devices/c_firmware.h"

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::uint8_t>* sent = nullptr;
void Put(std::uint8_t byte) { sent->push_back(byte); }

class FramesTest : public testing::Test {
 protected:
  FramesTest() { sent = &wire_; }
  ~FramesTest() override { sent = nullptr; }

  void Say(const std::string& text) { wire_.insert(wire_.end(), text.begin(), text.end()); }
  /// In pieces of `size`.
  void Receive(std::size_t size = 1000) {
    const DeviceStream::Sink sink{[this](std::string line) { lines_.push_back(std::move(line)); },
                                  [this](const v1::DeviceMessage& message) { messages_.push_back(message); }};
    for (std::size_t at = 0; at < wire_.size(); at += size) {
      stream_.Add(std::span(wire_).subspan(at, std::min(size, wire_.size() - at)), sink);
    }
    wire_.clear();
  }

  std::vector<std::uint8_t> wire_;
  std::vector<std::string> lines_;
  std::vector<v1::DeviceMessage> messages_;
  DeviceStream stream_;
};

TEST_F(FramesTest, CarryWhatACFirmwareSays) {
  c_firmware_hello(Put);
  c_firmware_reading_float(Put, "temperature_c", 21.5F);
  c_firmware_reading_int(Put, "count", -7);
  c_firmware_text(Put, "door open");
  Receive(1);
  ASSERT_EQ(messages_.size(), 4u);
  EXPECT_EQ(messages_[0].hello().firmware(), "greenhouse");
  EXPECT_EQ(messages_[0].hello().version(), "1.2.0");
  EXPECT_EQ(messages_[0].hello().self_test(), "ok");
  ASSERT_EQ(messages_[1].readings_size(), 1);
  EXPECT_EQ(messages_[1].readings(0).metric(), "temperature_c");
  EXPECT_EQ(messages_[1].readings(0).number(), 21.5F);
  EXPECT_EQ(messages_[2].readings(0).integer(), -7);
  EXPECT_EQ(messages_[3].text(), "door open");
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_EQ(stream_.broken_frames(), 0u);
}

TEST_F(FramesTest, CarryEveryNumber) {
  const std::vector<std::int32_t> integers{0, 1, -1, 63, 64, -64, -65, 8191, 8192, INT32_MAX, INT32_MIN};
  const std::vector<float> numbers{0.0F, -0.0F, 1e-40F, 3.4e38F, -1.5F, INFINITY};
  for (const std::int32_t integer : integers) c_firmware_reading_int(Put, "i", integer);
  for (const float number : numbers) c_firmware_reading_float(Put, "f", number);
  Receive();
  ASSERT_EQ(messages_.size(), integers.size() + numbers.size());
  for (std::size_t i = 0; i < integers.size(); ++i) EXPECT_EQ(messages_[i].readings(0).integer(), integers[i]);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(messages_[integers.size() + i].readings(0).number(), numbers[i]);
  }
}

TEST_F(FramesTest, CarryTextOfEveryLength) {
  for (std::size_t size = 0; size <= 400; ++size) c_firmware_text(Put, std::string(size, 'x').c_str());
  Receive();
  ASSERT_EQ(messages_.size(), 401u);
  for (std::size_t size = 0; size <= 400; ++size) EXPECT_EQ(messages_[size].text(), std::string(size, 'x'));
}

TEST_F(FramesTest, AreMixedWithLines) {
  Say("booting\r\n");
  c_firmware_reading_int(Put, "count", 1);
  Say("led=on\n");
  c_firmware_reading_int(Put, "count", 2);
  Receive(3);
  EXPECT_THAT(lines_, ElementsAre("booting", "led=on"));
  EXPECT_EQ(messages_.size(), 2u);
}

TEST_F(FramesTest, AreDroppedWhenNoiseHasChangedThem) {
  c_firmware_reading_float(Put, "temperature_c", 21.5F);
  const auto frame = wire_;
  for (std::size_t i = 1; i + 1 < frame.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = frame;
      changed[i] ^= static_cast<std::uint8_t>(1 << bit);
      EXPECT_FALSE(ParseFrame(std::span(changed).subspan(1, changed.size() - 2))) << i << " " << bit;
    }
  }
}

TEST_F(FramesTest, AreFoundAgainAfterNoise) {
  c_firmware_reading_int(Put, "count", 1);
  wire_.erase(wire_.begin());  // the zero that begins it
  c_firmware_reading_int(Put, "count", 2);
  wire_.pop_back();  // the one that ends it
  c_firmware_reading_int(Put, "count", 3);
  Say("a line\n");
  c_firmware_reading_int(Put, "count", 4);
  Receive();
  ASSERT_FALSE(messages_.empty());
  EXPECT_EQ(messages_.back().readings(0).integer(), 4);
  EXPECT_THAT(lines_, testing::Contains(testing::EndsWith("a line")));
}

TEST_F(FramesTest, LeaveLinesAloneThatALostZeroMakesLookLikeOne) {
  wire_.push_back(0);
  Say("still a line\n");
  c_firmware_reading_int(Put, "count", 1);
  Receive();
  EXPECT_THAT(lines_, ElementsAre("still a line"));
  EXPECT_EQ(messages_.size(), 1u);
  EXPECT_EQ(stream_.broken_frames(), 0u);
}

TEST_F(FramesTest, AreGivenUpWhenTheyDoNotEnd) {
  wire_.assign(2000, 0x81);
  wire_[0] = 0;
  Say("\na line\n");
  Receive(100);
  EXPECT_EQ(stream_.broken_frames(), 1u);
  EXPECT_THAT(lines_, testing::Contains("a line"));
}

TEST_F(FramesTest, HaveAMarkerOfTheVersionInTheImage) {
  EXPECT_STREQ(c_firmware_marker(), "motley-firmware:greenhouse 1.2.0");
}

}  // namespace
}  // namespace motley::agent
