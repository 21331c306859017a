#include "agent/flash/tool_flasher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/intel_hex.h"
#include "agent/flash/tool_command.h"
#include "agent/flash/touch1200.h"
#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kName[] = "/dev/ttyACM7";

/// A machine whose ports change from one look to the next, and which remembers what was done to the one that is open.
class ScriptedPorts final : public SerialSystem {
 public:
  std::vector<std::string> done;
  /// The last one stays.
  std::vector<std::vector<PortInfo>> looks{{}};

  Result<std::vector<PortInfo>> List() override {
    std::vector<PortInfo> look = looks.front();
    if (looks.size() > 1) looks.erase(looks.begin());
    return look;
  }
  Result<std::unique_ptr<SerialPort>> Open(const std::string&, std::uint32_t) override {
    return std::unique_ptr<SerialPort>(std::make_unique<Port>(*this));
  }

 private:
  class Port final : public SerialPort {
   public:
    explicit Port(ScriptedPorts& ports) : ports_(ports) {}
    ~Port() override { ports_.done.push_back("close"); }
    const std::string& name() const override { return name_; }
    int fd() const override { return -1; }
    Result<std::size_t> Read(std::span<std::uint8_t>, Deadline) override { return Error{Code::kTimeout, "nothing"}; }
    Result<void> Write(std::span<const std::uint8_t>, Deadline) override { return {}; }
    Result<void> SetFormat(SerialFormat format) override {
      ports_.done.push_back("baud " + std::to_string(format.baud));
      return {};
    }
    Result<void> SetModemLines(ModemLines lines) override {
      ports_.done.push_back(lines.dtr ? "dtr on" : "dtr off");
      return {};
    }
    Result<void> DiscardInput() override { return {}; }

   private:
    ScriptedPorts& ports_;
    const std::string name_ = kName;
  };
};

PortInfo Info(const std::string& name, std::uint32_t product) {
  return {.name = name, .usb_vendor = 0x2341, .usb_product = product, .serial_number = ""};
}

class ToolFlasherTest : public testing::Test {
 protected:
  ToolFlasherTest() {
    board_.name = "thing";
    board_.chip = "C32";
    board_.protocol = FlashProtocol::kTool;
    board_.reset = ResetMethod::kNone;
    board_.bauds = {57600};
    board_.application_begin = 0x2000;
    board_.application_end = 0x4000;
  }

  /// `script` runs in a shell and finds the image's file in $0.
  Result<FlashReport> Flash(const std::string& script) {
    board_.tool = {"sh", "-c", script, "{image}", "{port}", "{baud}", "{chip}", "{address}"};
    return Flash();
  }
  Result<FlashReport> Flash() {
    port_ = *system_.Open(kName, 115200);
    return ToolFlasher(system_).Flash(port_, board_,
                                      {.image = image_, .file = "", .known = nullptr, .progress = nullptr});
  }
  std::string File(const std::string& name) const { return ReadFile(folder_ / name, 1 << 20).value(); }

  const tests::TemporaryFolder folder_;
  ScriptedPorts system_;
  BoardType board_;
  const Image image_{{{0x2010, {1, 2, 3}}, {0x2015, {4}}}};
  std::unique_ptr<SerialPort> port_;
};

TEST_F(ToolFlasherTest, GivesTheProgramWhatItsCommandNamesAndClosesThePortBefore) {
  const std::string out = folder_.path();
  const auto flashed = Flash("cp $0 " + out + "/image && echo $0 $1 $2 $3 $4 >" + out + "/words");
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_EQ(flashed->written_bytes, 4u);
  EXPECT_EQ(port_, nullptr);
  EXPECT_THAT(system_.done, ElementsAre("close"));
  EXPECT_EQ(*ParseIntelHex(File("image")), image_);
  const std::string words = File("words");
  EXPECT_THAT(words, HasSubstr("/image.hex /dev/ttyACM7 57600 C32 0x2010\n"));
  // Nothing stays behind.
  EXPECT_FALSE(ReadFile(words.substr(0, words.find(' ')), 1000).has_value());
}

TEST_F(ToolFlasherTest, GivesRawBytesWhereTheProgramWantsThose) {
  board_.tool_image = ToolImage::kBin;
  ASSERT_TRUE(Flash("cp $0 " + folder_.path() + "/image").has_value());
  EXPECT_EQ(File("image"), std::string("\x01\x02\x03\xFF\xFF\x04"));
}

TEST_F(ToolFlasherTest, SaysTheLastLinesOfAProgramThatFails) {
  const auto failed = Flash("for i in 1 2 3 4 5 6; do echo \"  line $i\" >&2; done; echo >&2; exit 7");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, Code::kUnavailable);
  EXPECT_EQ(failed.error().message, "sh failed on /dev/ttyACM7 (exit code 7): line 3 | line 4 | line 5 | line 6");
  EXPECT_THAT(Flash("exit 1").error().message, HasSubstr("it said nothing"));
  EXPECT_THAT(Flash("echo no board; exit 1").error().message, HasSubstr(": no board"));
}

TEST_F(ToolFlasherTest, SaysWhichPackageHasAProgramThatIsNotThere) {
  board_.tool = {"no-such-flasher", "{image}"};
  board_.tool_package = "flashers";
  const auto missing = Flash();
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(missing.error().message,
            "board thing is flashed by no-such-flasher, which is not there; install it on the gateway: apt install "
            "flashers, or give the path of another program in a file of boards");
}

TEST_F(ToolFlasherTest, EndsAProgramThatDoesNotEnd) {
  board_.tool_deadline = std::chrono::seconds(1);
  const auto late = Flash("echo waiting >&2; exec sleep 600");
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::kTimeout);
  EXPECT_THAT(late.error().message, AllOf(HasSubstr("did not end within 1000 ms"), HasSubstr("waiting")));
}

TEST_F(ToolFlasherTest, NamesTheBoardByItsSerialNumberOrDoesNotFlashAny) {
  const std::string words = folder_ / "words";
  board_.tool = {"sh", "-c", "echo $0 >" + words, "{serial}", "{image}"};
  const auto none = Flash();
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().message,
              HasSubstr("sh finds a thing by its USB serial number, and the one at /dev/ttyACM7 has none"));
  EXPECT_FALSE(ReadFile(words, 100).has_value());
  PortInfo info = Info(kName, 0x374B);
  info.serial_number = "066DFF";
  system_.looks = {{Info("/dev/ttyACM6", 0x374B), info}};
  ASSERT_TRUE(Flash().has_value());
  EXPECT_EQ(File("words"), "066DFF\n");
}

TEST_F(ToolFlasherTest, StartsNoProgramForAnImageThatDoesNotFit) {
  board_.application_end = 0x2015;
  ASSERT_FALSE(Flash("touch " + folder_.path() + "/ran").has_value());
  EXPECT_FALSE(ReadFile(folder_ / "ran", 10).has_value());
}

TEST_F(ToolFlasherTest, TouchesAndThenUsesThePortThatTheBootloaderBringsUp) {
  board_.reset = ResetMethod::kTouch1200;
  board_.bootloader_usb_ids = {{0x2341, 0x0036}};
  // Another new port is somebody else's.
  system_.looks = {{Info(kName, 0x8036)},          {Info(kName, 0x8036)},
                   {Info(kName, 0x8036)},          {},
                   {Info("/dev/ttyACM8", 0x0043)}, {Info("/dev/ttyACM8", 0x0043), Info("/dev/ttyACM9", 0x0036)}};
  const auto flashed = Flash("echo $1 >" + folder_.path() + "/words");
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_THAT(system_.done, ElementsAre("baud 1200", "dtr off", "close"));
  EXPECT_EQ(File("words"), "/dev/ttyACM9\n");
}

TEST_F(ToolFlasherTest, TouchesNoBoardThatIsInItsBootloader) {
  board_.reset = ResetMethod::kTouch1200;
  board_.bootloader_usb_ids = {{0x2341, 0x0036}};
  system_.looks = {{Info(kName, 0x0036)}};
  ASSERT_TRUE(Flash("true").has_value());
  EXPECT_THAT(system_.done, ElementsAre("close"));
}

TEST(BootloaderPort, IsANewOneOrTheSameOneThatWasAway) {
  BoardType board;
  const std::vector<PortInfo> before{Info("a", 1), Info("b", 1)};
  EXPECT_EQ(BootloaderPort(before, before, "a", false, board), std::nullopt);
  EXPECT_EQ(BootloaderPort(before, {Info("b", 1)}, "a", true, board), std::nullopt);
  EXPECT_EQ(BootloaderPort(before, {Info("b", 1), Info("c", 2)}, "a", true, board), "c");
  EXPECT_EQ(BootloaderPort(before, {Info("a", 2), Info("b", 1)}, "a", false, board), "a");
  EXPECT_EQ(BootloaderPort(before, before, "a", true, board), "a");
  board.bootloader_usb_ids = {{0x2341, 2}};
  EXPECT_EQ(BootloaderPort(before, before, "a", true, board), std::nullopt);
  EXPECT_EQ(BootloaderPort(before, {Info("a", 2), Info("b", 1)}, "a", false, board), "a");
  EXPECT_EQ(BootloaderPort(before, {Info("b", 1), Info("c", 3)}, "a", true, board), std::nullopt);
}

TEST(ToolCommand, ReplacesWordsAndLeavesOtherBraces) {
  EXPECT_THAT(
      FillInToolCommand({"p", "-f{image}:{port}", "{ echo {baud} }", "{a b}", "{", "{chip}{address}{serial}"},
                        {.port = "P", .image = "I{baud}", .chip = "C", .serial = "S", .baud = 9600, .address = 0x2000}),
      ElementsAre("p", "-fI{baud}:P", "{ echo 9600 }", "{a b}", "{", "C0x2000S"));
}

}  // namespace
}  // namespace motley::agent
