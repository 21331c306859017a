#include "common/base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace motley {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Error{Code::kInvalid, std::to_string(number) + " is odd"};
  return number / 2;
}

Result<int> Quarter(int number) {
  TRY_ASSIGN(const int half, Half(number).While("first"));
  TRY_ASSIGN(const int quarter, Half(half).While("second"));
  return quarter;
}

TEST(Result, LeavesTheFunctionAtTheFirstError) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(3).error().message, "first: 3 is odd");
  EXPECT_EQ(Quarter(6).error().message, "second: 3 is odd");
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

TEST(Result, AbortsOnTheValueOfAnError) { EXPECT_DEATH((void)*Half(1), "value\\(\\) of an error: 1 is odd"); }

TEST(Code, HasOneNameStatusAndExitCodeEach) {
  std::vector<std::string_view> names;
  std::vector<int> exits;
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i) {
    const Code code = static_cast<Code>(i);
    EXPECT_EQ(CodeFromName(CodeName(code)), code);
    EXPECT_EQ(std::count(names.begin(), names.end(), CodeName(code)), 0);
    EXPECT_EQ(std::count(exits.begin(), exits.end(), ExitCode(code)), 0);
    EXPECT_GE(HttpStatus(code), 400);
    names.push_back(CodeName(code));
    exits.push_back(ExitCode(code));
  }
  EXPECT_FALSE(CodeFromName("unheard of").has_value());
}

}  // namespace
}  // namespace motley
