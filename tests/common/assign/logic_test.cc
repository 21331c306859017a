#include "common/assign/logic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::assign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

bool Holds(std::string_view text, std::vector<std::int64_t> counts = {}) {
  return Holds(ParseCondition(text).value().term, counts);
}

TEST(Condition, HasTheMeaningOfSmtLib) {
  EXPECT_TRUE(Holds("(= 6 (* 2 3) (+ 1 2 3))"));
  EXPECT_TRUE(Holds("(< 1 2 3)"));
  EXPECT_FALSE(Holds("(< 1 3 2)"));
  EXPECT_FALSE(Holds("(distinct 1 2 1)"));
  EXPECT_TRUE(Holds("(=> true false true)"));
  EXPECT_FALSE(Holds("(=> true true false)"));
  EXPECT_FALSE(Holds("(xor true true)"));
  EXPECT_TRUE(Holds("(= (- 5) (- 1 2 4))"));
  EXPECT_TRUE(Holds("(ite (> 1 2) false (not false))"));
}

TEST(Condition, ListsItsSymbolsOnce) {
  const auto condition = ParseCondition("(or (> canary 0) (= stable canary))").value();
  EXPECT_THAT(condition.symbols, ElementsAre("canary", "stable"));
  EXPECT_TRUE(Holds("(> canary stable)", {3, 2}));
}

TEST(Condition, SaysInWhichColumnItIsWrong) {
  const auto message = [](std::string_view text) { return ParseCondition(text).error().message; };
  EXPECT_THAT(message("(> a"), HasSubstr("\"(>\" is not closed; add \")\" (column 5)"));
  EXPECT_THAT(message("(foo a)"), HasSubstr("unknown operator \"foo\""));
  EXPECT_THAT(message("(> a 1) b"), HasSubstr("more after the end"));
  EXPECT_THAT(message("(+ a 1)"), HasSubstr("the condition is a number"));
  EXPECT_THAT(message("(and a)"), HasSubstr("needs conditions and has a number"));
  EXPECT_THAT(message("(> (* a b) 1)"), HasSubstr("multiplies two counts"));
  EXPECT_THAT(message("(> a 99999999999999999999)"), HasSubstr("greater than 1000000000"));
  EXPECT_THAT(message(""), HasSubstr("a term is missing"));
  EXPECT_THAT(message("(not true false)"), HasSubstr("has 2 operands; it needs 1"));
  EXPECT_THAT(message(std::string(2000, '(')), HasSubstr("unknown operator"));
  EXPECT_THAT(message(std::string(20000, 'a')), HasSubstr("at most 16384"));
  std::string deep = "true";
  for (int i = 0; i < 70; ++i) deep = "(not " + deep + ")";
  EXPECT_THAT(message(deep), HasSubstr("more than 64 deep"));
}

}  // namespace
}  // namespace motley::assign
