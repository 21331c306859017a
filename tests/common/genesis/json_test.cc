#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/genesis/genesis.h"

namespace motley {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(GenesisJson, SaysWhereACommaIsMissing) {
  const GenesisImport object = ImportGenesis("{\n  \"a\": [1, 2]\n  \"b\": 3\n}");
  EXPECT_FALSE(object.valid);
  EXPECT_THAT(object.errors, ElementsAre("not JSON: a comma is missing"));
  EXPECT_THAT(object.warnings, ElementsAre("line 2, column 14: put a comma here"));

  const GenesisImport list = ImportGenesis("[{}\n{}]");
  EXPECT_THAT(list.errors, ElementsAre("not JSON: a comma is missing"));
  EXPECT_THAT(list.warnings, ElementsAre("line 1, column 4: put a comma here"));

  const GenesisImport escaped = ImportGenesis("{\"a\": \"\\\"\" \"b\": 1}");
  EXPECT_THAT(escaped.warnings, ElementsAre("line 1, column 11: put a comma here"));
}

TEST(GenesisJson, SaysThatTheEndIsMissing) {
  const GenesisImport import = ImportGenesis("{\"components\": [\n");
  EXPECT_THAT(import.errors, ElementsAre("not JSON: the end is missing"));
  EXPECT_THAT(import.warnings, ElementsAre(HasSubstr("line 2, column 1")));
}

TEST(GenesisJson, DoesNotRepeatWhatItCouldNotRead) {
  for (const char* text : {"{\"password\": hunter2}", "{\"password\": \"hunter2\xff\"}",
                           "{\"password\": \"hunter2\x01\"}", "{\"password\": 'hunter2'}", "{hunter2: 1}"}) {
    const GenesisImport import = ImportGenesis(text);
    ASSERT_EQ(import.errors.size(), 1U) << text;
    EXPECT_THAT(import.errors.front(), testing::StartsWith("not JSON: "));
    EXPECT_THAT(import.errors.front() + import.warnings.front(), Not(HasSubstr("hunter2")));
  }
}

TEST(GenesisJson, RefusesWhatIsTooLargeOrTooDeep) {
  EXPECT_THAT(ImportGenesis(std::string(8 * 1024 * 1024 + 1, ' ')).errors, ElementsAre(HasSubstr("at most 8 MiB")));
  EXPECT_THAT(ImportGenesis(std::string(65, '[') + std::string(65, ']')).errors, ElementsAre(HasSubstr("64 deep")));
  EXPECT_THAT(ImportGenesis(std::string(1'000'000, '[')).errors, ElementsAre(HasSubstr("64 deep")));
  EXPECT_THAT(ImportGenesis("[\"" + std::string(100, '[') + "\"]").errors, ElementsAre(HasSubstr("no list")))
      << "brackets in a text do not count";
}

TEST(GenesisJson, TellsGenesisFromYaml) {
  EXPECT_TRUE(LooksLikeGenesis("\xEF\xBB\xBF \r\n {"));
  EXPECT_FALSE(LooksLikeGenesis("components:\n  a: {}\n"));
  EXPECT_FALSE(LooksLikeGenesis(""));
}

}  // namespace
}  // namespace motley
