// A virtual board that is flashed by the real avrdude, by a type of a user's file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/files.h"
#include "tests/support/program.h"
#include "tests/system/fleet.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr char kTypes[] = R"(
boards:
  uno-avrdude:
    like: uno
    protocol: tool
    reset: none
    tool: [avrdude, -q, -p, "{chip}", -c, arduino, -P, "{port}", -b, "{baud}", -D, -U, "flash:w:{image}:i"]
    tool_package: avrdude
  mega-avrdude:
    like: uno-avrdude
    chip: ATmega2560
)";

class ToolBoardTest : public testing::Test {
 protected:
  ToolBoardTest() { EXPECT_TRUE(WriteFileAtomically(folder_ / "types.yaml", kTypes, 0600).has_value()); }

  Finished Run(const std::vector<std::string>& command) const {
    std::vector<std::string> words = boards_.prefix();
    words.insert(words.end(), command.begin(), command.end());
    return RunProgram(words, boards_.environment(), seconds(60));
  }
  Finished Flash(const std::string& type, const std::string& file) const {
    return Run({MOTLEY_TESTS_DIR "/tool-probe", folder_.path(), type, "/dev/ttyACM0", file});
  }
  Finished Verify(const std::string& image) const {
    return Run({"avrdude", "-q", "-q", "-p", "m328p", "-c", "arduino", "-P", "/dev/ttyACM0", "-b", "115200", "-U",
                "flash:v:" + FirmwareFile(image) + ":i"});
  }

  const TestBoards boards_{{"uno:A1"}};
  const TemporaryFolder folder_;
};

TEST_F(ToolBoardTest, TakesImagesOfAnyFormat) {
  const auto hex = Flash("uno-avrdude", FirmwareFile("blink-1.0.0.hex"));
  EXPECT_EQ(hex.exit_code, 0) << hex.output;
  auto verified = Verify("blink-1.0.0.hex");
  EXPECT_EQ(verified.exit_code, 0) << verified.output;

  const std::string records = folder_ / "blink.srec";
  const auto converted = RunProgram(
      {"avr-objcopy", "-I", "ihex", "-O", "srec", FirmwareFile("blink-1.1.0.hex"), records}, {}, seconds(30));
  ASSERT_EQ(converted.exit_code, 0) << converted.output;
  const auto srec = Flash("uno-avrdude", records);
  EXPECT_EQ(srec.exit_code, 0) << srec.output;
  verified = Verify("blink-1.1.0.hex");
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
}

TEST_F(ToolBoardTest, SaysWhatAvrdudeSaysOfAnotherChip) {
  const auto wrong = Flash("mega-avrdude", FirmwareFile("blink-1.0.0.hex"));
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.output, AllOf(HasSubstr("unavailable: avrdude failed on /dev/ttyACM0 (exit code 1)"),
                                  HasSubstr("expected signature for ATmega2560 is 1E 98 01")));
}

}  // namespace
}  // namespace motley::tests
