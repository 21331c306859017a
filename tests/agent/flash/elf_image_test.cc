#include "agent/flash/elf_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/files.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint16_t kAvr = 83, kArm = 40;

struct TestSegment {
  std::uint32_t offset, virtual_address, physical_address, file_bytes, memory_bytes;
};
struct TestSection {
  std::uint32_t type, flags, offset, bytes;
};

void Put(std::string* bytes, std::size_t at, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i) bytes->at(at + static_cast<std::size_t>(i)) = static_cast<char>(value >> (8 * i));
}

/// An ELF file of 512 bytes: header, program headers at 52, section headers at 180; from 400 on, the byte at n is n.
std::string Elf(std::uint16_t machine, const std::vector<TestSegment>& segments,
                const std::vector<TestSection>& sections = {}) {
  std::string bytes(512, '\0');
  for (std::size_t i = 400; i < 512; ++i) bytes[i] = static_cast<char>(i);
  bytes.replace(0, 7,
                "\x7f"
                "ELF\x01\x01\x01");
  Put(&bytes, 16, 2, 2);
  Put(&bytes, 18, machine, 2);
  Put(&bytes, 28, 52, 4);
  Put(&bytes, 32, 180, 4);
  Put(&bytes, 42, 32, 2);
  Put(&bytes, 44, static_cast<std::uint32_t>(segments.size()), 2);
  Put(&bytes, 46, 40, 2);
  Put(&bytes, 48, static_cast<std::uint32_t>(sections.size()), 2);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const TestSegment& segment = segments[i];
    std::size_t at = 52 + i * 32;
    for (const std::uint32_t value : {1u, segment.offset, segment.virtual_address, segment.physical_address,
                                      segment.file_bytes, segment.memory_bytes}) {
      Put(&bytes, at, value, 4);
      at += 4;
    }
  }
  for (std::size_t i = 0; i < sections.size(); ++i) {
    Put(&bytes, 180 + i * 40 + 4, sections[i].type, 4);
    Put(&bytes, 180 + i * 40 + 8, sections[i].flags, 4);
    Put(&bytes, 180 + i * 40 + 16, sections[i].offset, 4);
    Put(&bytes, 180 + i * 40 + 20, sections[i].bytes, 4);
  }
  return bytes;
}

TEST(Elf, IsReadByPhysicalAddresses) {
  const auto image = ParseElf(Elf(kArm, {{400, 0x08000000, 0x08000000, 2, 2}, {402, 0x20000000, 0x08000002, 1, 9}}));
  ASSERT_TRUE(image.has_value()) << image.error().message;
  EXPECT_THAT(image->segments, ElementsAre(Segment{0x08000000, {400 & 0xFF, 401 & 0xFF, 402 & 0xFF}}));
  EXPECT_EQ(image->family, ChipFamily::kArm);
}

TEST(Elf, LeavesOutWhatIsNotInTheFlashOfAnAvr) {
  const std::vector<TestSegment> segments{
      {400, 0, 0, 2, 2}, {402, 0x800100, 2, 1, 1}, {403, 0x810000, 0x810000, 4, 4}, {407, 0x820000, 0x820000, 3, 3}};
  const auto image = ParseElf(Elf(kAvr, segments));
  ASSERT_TRUE(image.has_value()) << image.error().message;
  EXPECT_THAT(image->segments, ElementsAre(Segment{0, {400 & 0xFF, 401 & 0xFF, 402 & 0xFF}}));
  EXPECT_EQ(ParseElf(Elf(kArm, segments))->segments.size(), 3u);
}

TEST(Elf, LeavesOutItsOwnHeadersInTheFirstSegment) {
  // As linkers make it of a program at 0x08004190: the segment begins with the file.
  const auto image = ParseElf(Elf(kArm, {{0, 0x08004000, 0x08004000, 404, 404}},
                                  {{0, 0, 0, 0}, {1, 2, 400, 4}, {8, 2, 404, 50}, {1, 0, 404, 20}}));
  ASSERT_TRUE(image.has_value()) << image.error().message;
  ASSERT_EQ(image->segments.size(), 1u);
  EXPECT_EQ(image->segments[0].address, 0x08004190u);
  EXPECT_EQ(image->segments[0].bytes.size(), 4u);
}

std::string With(std::size_t at, std::uint32_t value, int size) {
  std::string bytes = Elf(kAvr, {{400, 0, 0, 2, 2}}, {{1, 2, 400, 2}});
  Put(&bytes, at, value, size);
  return bytes;
}

struct Broken {
  std::string content;
  std::string message;
};
class BrokenElf : public testing::TestWithParam<Broken> {};

TEST_P(BrokenElf, IsRefusedWithThePlace) {
  const auto image = ParseElf(GetParam().content);
  ASSERT_FALSE(image.has_value());
  EXPECT_THAT(image.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenElf,
    testing::Values(Broken{"", "shorter than its header"},
                    Broken{std::string(60, 'x'), "does not begin as an ELF file"},
                    Broken{With(4, 2, 1), "is not 32 bits"}, Broken{With(5, 2, 1), "little endian"},
                    Broken{With(18, 62, 2), "is for machine 62"}, Broken{With(16, 1, 2), "is not linked"},
                    Broken{With(42, 56, 2), "its program headers have 56 bytes each instead of 32"},
                    Broken{With(28, 500, 4), "its 1 program headers at byte 500 run past its end"},
                    Broken{With(28, 0xFFFFFFF0, 4), "run past its end"},
                    Broken{With(44, 200, 2), "its 200 program headers at byte 52 run past its end"},
                    Broken{With(46, 64, 2), "its section headers have 64 bytes each"},
                    Broken{With(48, 60000, 2), "its 60000 section headers at byte 180 run past its end"},
                    Broken{With(56, 0xFFFFFFFF, 4), "segment 0 at byte 4294967295 runs past its end"},
                    Broken{With(68, 600, 4), "segment 0 at byte 400 runs past its end"},
                    Broken{With(72, 1, 4), "segment 0 has 2 bytes in the file and room for 1"},
                    Broken{With(200, 600, 4), "section 0 at byte 400 runs past its end"},
                    Broken{With(52, 2, 4), "has nothing in flash"},
                    Broken{Elf(kArm, {{400, 0, 8, 4, 4}, {404, 0, 10, 4, 4}}), "segment 1: address 0xA is there twice"},
                    Broken{Elf(kArm, {{400, 0, 0xFFFFFFFE, 4, 4}}), "needs more than 32 bits"}));

TEST(Elf, FromTheRealLinkerHoldsWhatObjcopyFinds) {
  const tests::TemporaryFolder folder;
  const std::string source = folder / "a.c", elf = folder / "a.elf", binary = folder / "a.bin";
  ASSERT_TRUE(WriteFileAtomically(source,
                                  "#include <avr/eeprom.h>\n"
                                  "uint8_t kept EEMEM = 7;\n"
                                  "volatile int counter = 4711;\n"
                                  "volatile char zeros[300];\n"
                                  "int main(void) { for (;;) zeros[0] += counter + eeprom_read_byte(&kept); }\n",
                                  0600)
                  .has_value());
  const auto built =
      tests::RunProgram({"avr-gcc", "-mmcu=atmega328p", "-Os", "-g", "-o", elf, source}, {}, std::chrono::seconds(30));
  ASSERT_EQ(built.exit_code, 0) << built.output;
  const auto copied =
      tests::RunProgram({"avr-objcopy", "-O", "binary", "-R", ".eeprom", elf, binary}, {}, std::chrono::seconds(30));
  ASSERT_EQ(copied.exit_code, 0) << copied.output;
  const auto image = ParseElf(*ReadFile(elf, 1 << 20));
  ASSERT_TRUE(image.has_value()) << image.error().message;
  const std::string wanted = *ReadFile(binary, 1 << 20);
  ASSERT_EQ(image->segments.size(), 1u);
  EXPECT_EQ(image->segments[0].address, 0u);
  EXPECT_EQ(std::string(image->segments[0].bytes.begin(), image->segments[0].bytes.end()), wanted);
}

}  // namespace
}  // namespace motley::agent
