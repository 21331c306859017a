#include "agent/flash/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Catalogue, HasTheBoardsThatPeopleOwn) {
  const auto catalogue = BoardCatalogue::BuiltIn();
  EXPECT_GE(catalogue.types().size(), 28u);
  for (const char* name : {"uno",
                           "nano",
                           "nano-new",
                           "pro-mini",
                           "mega",
                           "leonardo",
                           "micro",
                           "bluepill",
                           "nucleo-f401",
                           "blackpill-f411",
                           "esp32",
                           "esp8266",
                           "esp32-s2-saola",
                           "lolin-s2-mini",
                           "feather-esp32s2",
                           "esp32-s3-devkitc",
                           "xiao-esp32s3",
                           "esp32-c3-devkitm",
                           "m5stamp-c3",
                           "xiao-esp32c3",
                           "esp32-c6-devkitc",
                           "xiao-esp32c6",
                           "nrf52-mcuboot",
                           "rp2040-pico",
                           "teensy40",
                           "arduino-zero"}) {
    EXPECT_NE(catalogue.Find(name), nullptr) << name;
  }
  const BoardType& uno = *catalogue.Find("uno");
  EXPECT_EQ(uno.title, "Arduino Uno R3");
  EXPECT_EQ(uno.protocol, FlashProtocol::kStk500v1);
  EXPECT_THAT(uno.chip_ids, ElementsAre(0x1E950Fu));
  EXPECT_EQ(uno.reset, ResetMethod::kDtr);
  EXPECT_EQ(uno.application_end, 32256u);
  EXPECT_EQ(uno.sectors.front().end(), 32256u);
  EXPECT_EQ(uno.family, ChipFamily::kAvr);
  // Like an Uno, but where it says otherwise.
  const BoardType& nano = *catalogue.Find("nano");
  EXPECT_THAT(nano.bauds, ElementsAre(57600u));
  EXPECT_EQ(nano.page_bytes, 128u);
  EXPECT_EQ(nano.application_end, 30720u);
  const BoardType& nucleo = *catalogue.Find("nucleo-f401");
  ASSERT_EQ(nucleo.sectors.size(), 3u);
  EXPECT_EQ(nucleo.sectors[2].address, 0x08020000u);
  EXPECT_EQ(nucleo.sectors[2].bytes, 128u * 1024);
}

TEST(Catalogue, KnowsBoardsByTheirUsbIds) {
  const auto catalogue = BoardCatalogue::BuiltIn();
  EXPECT_EQ(catalogue.Of(0x2341, 0x0043)->name, "uno");
  EXPECT_EQ(catalogue.Of(0x1A86, 0x7523, "whatever", "/dev/ttyUSB0")->name, "nano");
  EXPECT_EQ(catalogue.Of(0x1234, 0x5678), nullptr);
  EXPECT_EQ(catalogue.Of(0, 0, "", "/dev/ttyS0"), nullptr);
  EXPECT_EQ(catalogue.Of(0x2341, 0x0036), nullptr);
  EXPECT_EQ(catalogue.OfBootloader(0x2341, 0x0036)->name, "leonardo");
  EXPECT_EQ(catalogue.OfBootloader(0x2341, 0x0043), nullptr);
}

TEST(Catalogue, KnowsEspressifsSuccessorsByWhatTheyAreAndWhereTheyArePlugged) {
  const auto catalogue = BoardCatalogue::BuiltIn();
  const BoardType& xiao = *catalogue.Of(0x303A, 0x1001, "7C:DF:A1:61:BD:20");
  EXPECT_EQ(xiao.name, "xiao-esp32c3");
  EXPECT_EQ(xiao.chip, "ESP32-C3");
  EXPECT_EQ(xiao.family, ChipFamily::kRiscV);
  EXPECT_EQ(xiao.reset, ResetMethod::kUsbJtag);
  EXPECT_THAT(xiao.bauds, ElementsAre(115200u)) << "its USB has none";
  EXPECT_EQ(catalogue.Of(0x1A86, 0x55D3)->name, "esp32-s3-devkitc");
  EXPECT_EQ(catalogue.Of(0x303A, 0x80C2)->name, "lolin-s2-mini");
  EXPECT_EQ(catalogue.OfBootloader(0x303A, 0x0002)->chip, "ESP32-S2");
  for (const BoardType& board : catalogue.types()) {
    if (board.protocol != FlashProtocol::kEspressif) continue;
    EXPECT_EQ(board.chip_ids.size(), 1u) << board.name;
  }
}

TEST(Catalogue, TakesNoChipsThatItCanNotFlash) {
  const auto refusal = [](const std::string& text) {
    auto catalogue = BoardCatalogue::BuiltIn();
    const auto added = catalogue.Add("mine.yaml", "boards:\n  mine: {" + text + "}\n");
    return added ? "" : added.error().message;
  };
  EXPECT_EQ(refusal("like: xiao-esp32c3, reset: none"), "");
  EXPECT_THAT(refusal("like: esp32, chip: ESP32-H2"),
              HasSubstr("chip: the protocol espressif does not know \"ESP32-H2\"; it knows ESP8266, ESP32, "));
  EXPECT_THAT(refusal("like: esp32, reset: touch1200"), HasSubstr("and an ESP32 can not"));
}

TEST(Catalogue, TakesWhatAUserSaysOfOneBoard) {
  auto catalogue = BoardCatalogue::BuiltIn();
  const auto added = catalogue.Add("mine.yaml", R"(
serial_numbers:
  A50285BI: nano-new
  "0001": esp8266
ports:
  /dev/ttyAMA0: pro-mini
)");
  ASSERT_TRUE(added.has_value()) << added.error().message;
  EXPECT_EQ(catalogue.Of(0x0403, 0x6001, "A50285BI")->name, "nano-new");
  EXPECT_EQ(catalogue.Of(0x0403, 0x6001, "OTHER")->name, "nano");
  EXPECT_EQ(catalogue.Of(0x10C4, 0xEA60, "0001")->name, "esp8266");
  EXPECT_EQ(catalogue.Of(0, 0, "", "/dev/ttyAMA0")->name, "pro-mini");
}

TEST(Catalogue, HasAUsersTypesBeforeThoseThatAreBuiltIn) {
  auto catalogue = BoardCatalogue::BuiltIn();
  const std::size_t before = catalogue.types().size();
  ASSERT_TRUE(catalogue
                  .Add("mine.yaml", R"(
boards:
  greenhouse:
    like: uno
    usb_ids: [1a86:7523]
  uno:
    like: uno
    title: Ours
    hello_baud: 9600
    usb_ids: [2341:0043]
)")
                  .has_value());
  EXPECT_EQ(catalogue.types().size(), before + 1);
  EXPECT_EQ(catalogue.Of(0x1A86, 0x7523)->name, "greenhouse");
  EXPECT_EQ(catalogue.Of(0x2341, 0x0043)->hello_baud, 9600u);
  EXPECT_EQ(catalogue.Find("uno")->source, "mine.yaml:6");
  const auto again = catalogue.Add("more.yaml", "boards:\n  greenhouse: {like: uno}\n");
  EXPECT_EQ(again.error().message, "more.yaml:2: board \"greenhouse\" is in mine.yaml:3 as well; keep one of both");
}

TEST(Catalogue, ReadsAFolderAndNamesTheFileThatIsWrong) {
  const tests::TemporaryFolder folder;
  EXPECT_TRUE(BoardCatalogue::Load(folder / "none").has_value());
  ASSERT_TRUE(WriteFileAtomically(folder / "a.yaml", "boards:\n  one: {like: uno}\n", 0600).has_value());
  ASSERT_TRUE(WriteFileAtomically(folder / "b.yaml", "boards:\n  two: {like: one}\n", 0600).has_value());
  ASSERT_TRUE(WriteFileAtomically(folder / "notes.txt", "{", 0600).has_value());
  const auto loaded = BoardCatalogue::Load(folder.path());
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_NE(loaded->Find("two"), nullptr);
  ASSERT_TRUE(WriteFileAtomically(folder / "c.yaml", "boards:\n  three: {like: uno, page: 1}\n", 0600).has_value());
  EXPECT_THAT(BoardCatalogue::Load(folder.path()).error().message,
              AllOf(StartsWith(folder / "c.yaml:2: "), HasSubstr("unknown key \"page\"")));
}

TEST(Catalogue, TakesTheExampleFile) {
  auto catalogue = BoardCatalogue::BuiltIn();
  const auto text = ReadFile(MOTLEY_SOURCE_DIR "/deploy/examples/boards/boards.yaml", 1 << 20);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  const auto added = catalogue.Add("boards.yaml", *text);
  ASSERT_TRUE(added.has_value()) << added.error().message;
  EXPECT_EQ(catalogue.Of(0x0483, 0x374B)->name, "nucleo-l476");
}

TEST(Catalogue, GivesEachTypeABaudRateToOpenItsPortAt) {
  for (const BoardType& board : BoardCatalogue::BuiltIn().types()) EXPECT_FALSE(board.bauds.empty()) << board.name;
}

constexpr char kType[] = R"(boards:
  b:
    chip: C
    protocol: stk500v1
    bauds: [115200]
    page_bytes: 128
    application: {begin: 0, end: 1K}
    sectors: [{count: 8, bytes: 128}]
)";
constexpr char kTool[] = "boards:\n  b:\n    chip: C\n    protocol: tool\n    application: {begin: 0, end: 1K}\n";

/// kType with one line replaced by another, or one added.
std::string With(const std::string& key, const std::string& line) {
  std::string text = kType;
  const auto at = text.find("    " + key + ":");
  if (at == std::string::npos) return text + "    " + line + "\n";
  return text.replace(at, text.find('\n', at) + 1 - at, line.empty() ? "" : "    " + line + "\n");
}

struct Wrong {
  std::string text;
  const char* message;
};
class WrongBoardFile : public testing::TestWithParam<Wrong> {};

TEST_P(WrongBoardFile, IsRefusedWithTheLine) {
  auto catalogue = BoardCatalogue::BuiltIn();
  const std::size_t before = catalogue.types().size();
  const auto added = catalogue.Add("f.yaml", GetParam().text);
  ASSERT_FALSE(added.has_value());
  EXPECT_THAT(added.error().message, AllOf(StartsWith("f.yaml:"), HasSubstr(GetParam().message)));
  EXPECT_EQ(catalogue.types().size(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Files, WrongBoardFile,
    testing::Values(
        Wrong{"board: {}\n", "f.yaml:1: board file: unknown key \"board\" (did you mean \"boards\"?)"},
        Wrong{"boards:\n  Uno: {like: uno}\n", "f.yaml:2: board \"Uno\": a name is made of small letters"},
        Wrong{"boards:\n  a: {like: uno}\n  a: {like: uno}\n", "f.yaml:3: boards: \"a\" is there twice"},
        Wrong{"boards:\n  a: {like: uni}\n", "f.yaml:2: board \"a\": like: no type \"uni\" is known before this one"},
        Wrong{"serial_numbers:\n  X: unu\n", "f.yaml:2: no type of board \"unu\" is known; known are uno, nano"},
        Wrong{"ports:\n  X: uno\n  X: uno\n", "f.yaml:3: board file: ports: \"X\" is there twice"},
        Wrong{With("pages", "pages: 128"), "unknown key \"pages\""},
        Wrong{With("protocol", "protocol: stk500"),
              "f.yaml:4: board \"b\": protocol: \"stk500\" is not stk500v1, stk500v2, stm32, espressif, smp or tool"},
        Wrong{With("chip", ""), "f.yaml:2: board \"b\": chip: is missing"},
        Wrong{With("bauds", ""), "bauds: is missing"}, Wrong{With("page_bytes", ""), "page_bytes: is missing"},
        Wrong{With("sectors", ""), "sectors: is missing"},
        Wrong{With("application", ""), "application: must end after"},
        Wrong{With("bauds", "bauds: [fast]"), "f.yaml:5: board \"b\": bauds: \"fast\" is not a whole number"},
        Wrong{With("page_bytes", "page_bytes: 0"), "f.yaml:6: board \"b\": page_bytes: \"0\" is not a number from 1"},
        Wrong{With("page_bytes", "page_bytes: 5G"), "\"5G\" is not a number"},
        Wrong{With("page_bytes", "page_bytes: 4096M"), "\"4096M\" is not a number"},
        Wrong{With("page_bytes", "page_bytes: 100"), "a page of 100 does not divide sectors of 128"},
        Wrong{With("application", "application: {begin: 0, end: 1025}"), "cover 0x0 to 0x3FF, and the application is"},
        Wrong{With("application", "application: {begin: 0, end: 1000}"), "its end, 0x3E8, lies within a sector"},
        Wrong{With("application", "application: {begin: 1, end: 1K}"), "its begin, 0x1, lies within a sector"},
        Wrong{With("sectors", "sectors: [{count: 4, bytes: 128}, {address: 0x180, count: 6, bytes: 128}]"),
              "those from 0x180 on overlap with those before, which end at 0x200"},
        Wrong{With("sectors", "sectors: [{count: 4, bytes: 128}, {address: 0x280, count: 6, bytes: 128}]"),
              "nothing covers 0x200 to 0x27F of the application"},
        Wrong{With("sectors", "sectors: [{count: 8}]"),
              "f.yaml:8: board \"b\": sectors: sectors have a count and bytes"},
        Wrong{With("sectors", "sectors: [{count: 64K, bytes: 64K}]"), "they reach beyond 32 bits"},
        Wrong{With("usb_ids", "usb_ids: [2341]"),
              "f.yaml:9: board \"b\": usb_ids: \"2341\" is not a vendor and a product"},
        Wrong{With("usb_ids", "usb_ids: [2341:004g]"), "\"2341:004g\" is not a vendor"},
        Wrong{With("usb_ids", "usb_ids: [1111:2222, 1111:2222]"), "1111:2222 is another board's in this file"},
        Wrong{With("tool", "tool: [a, \"{image}\"]"), "tool: is for `protocol: tool` alone"},
        Wrong{With("reset", "reset: touch1200"), "touch1200 is for `protocol: tool` and `protocol: espressif` alone"},
        Wrong{With("reset", "reset: usb-jtag"), "usb-jtag is for `protocol: espressif` alone"},
        Wrong{With("family", "family: mips"), "family: \"mips\" is not avr, arm, xtensa or riscv"},
        Wrong{kTool, "f.yaml:2: board \"b\": tool: is missing"},
        Wrong{std::string(kTool) + "    tool: [flash]\n", "tool: {image} is missing"},
        Wrong{std::string(kTool) + "    tool: [flash, \"{imge}\"]\n",
              "tool: {imge} stands for nothing; {port}, {image}"},
        Wrong{std::string(kTool) + "    tool: [\"{image}\"]\n", "its first word is the program"},
        Wrong{std::string(kTool) + "    tool: [flash, \"{image}\", \"{baud}\"]\n", "`bauds` is missing"},
        Wrong{std::string(kTool) + "    tool: [flash, \"{image}\"]\n    bootloader_usb_ids: [1111:2222]\n",
              "bootloader_usb_ids: are for `reset: touch1200` alone"},
        Wrong{std::string(kTool) + "    tool: [flash, \"{image}\"]\n    tool_deadline_s: 0\n",
              "tool_deadline_s: \"0\" is not a whole number"}));

TEST(WrongBoardFile, IsMadeFromOneThatIsRight) {
  auto catalogue = BoardCatalogue::BuiltIn();
  const auto added = catalogue.Add("f.yaml", kType);
  EXPECT_TRUE(added.has_value()) << added.error().message;
  const auto tool = catalogue.Add("g.yaml",
                                  "boards:\n  c: {like: leonardo, protocol: stk500v1, reset: none, page_bytes: "
                                  "128, sectors: [{count: 224, bytes: 128}]}\n");
  EXPECT_TRUE(tool.has_value()) << tool.error().message;
}

}  // namespace
}  // namespace motley::agent
