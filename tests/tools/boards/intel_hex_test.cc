#include "tools/boards/intel_hex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "tools/boards/flash_file.h"

namespace motley::boards {
namespace {

using ::testing::HasSubstr;

class IntelHex : public ::testing::Test {
 protected:
  IntelHex() : path_(std::filesystem::temp_directory_path() / ("hex-test." + std::to_string(getpid()))) {}
  ~IntelHex() override { std::filesystem::remove(path_); }

  Result<std::uint32_t> Load(const std::string& text) {
    std::ofstream(path_) << text;
    return LoadIntelHex(path_, memory_);
  }

  const std::filesystem::path path_;
  std::array<std::uint8_t, 32> memory_{};
};

TEST_F(IntelHex, PutsBytesAtTheirAddresses) {
  const auto lowest = Load(":0200100001 02EB\n");
  EXPECT_FALSE(lowest);  // a blank inside a record
  const auto loaded = Load(":020010000102EB\r\n:00000001FF\r\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(*loaded, 16u);
  EXPECT_EQ(memory_[16], 1);
  EXPECT_EQ(memory_[17], 2);
}

TEST_F(IntelHex, RefusesAWrongChecksumWithItsLine) {
  const auto loaded = Load(":00000001FF\n:020010000102EC\n");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::kCorrupt);
  EXPECT_THAT(loaded.error().message, HasSubstr("line 2"));
}

TEST_F(IntelHex, RefusesBytesPastTheEndOfTheFlash) {
  const auto loaded = Load(":02001F000102DC\n");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::kInvalid);
  EXPECT_THAT(loaded.error().message, HasSubstr("0x20"));
}

TEST_F(IntelHex, RefusesAFileWithoutData) {
  EXPECT_EQ(Load(":00000001FF\n").error().code, Code::kInvalid);
  EXPECT_EQ(LoadIntelHex("/no/such/file.hex", memory_).error().code, Code::kNotFound);
}

TEST_F(IntelHex, FlashFilesComeBackAsTheyWereSaved) {
  memory_.fill(7);
  ASSERT_TRUE(SaveFlashFile(path_, memory_));
  std::array<std::uint8_t, 32> loaded{};
  ASSERT_TRUE(LoadFlashFile(path_, loaded));
  EXPECT_EQ(loaded, memory_);
  std::array<std::uint8_t, 16> small{};
  EXPECT_EQ(LoadFlashFile(path_, small).error().code, Code::kInvalid);
  EXPECT_TRUE(LoadFlashFile("/no/such/flash", small));
}

}  // namespace
}  // namespace motley::boards
