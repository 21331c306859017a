#include "common/release/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

TEST(Parameters, StandForTheirNames) {
  Parameters parameters({{"a", "1"}, {"b", "two"}});
  EXPECT_EQ(*parameters.Substitute("x${a}y${b}${a}"), "x1ytwo1");
  EXPECT_EQ(*parameters.Substitute("$HOME costs 5$, $${a} and $$"), "$HOME costs 5$, ${a} and $");
  EXPECT_EQ(*parameters.Substitute(""), "");
  EXPECT_THAT(parameters.used(), testing::ElementsAre("a", "b"));
}

TEST(Parameters, AreNotLookedForInTheirValues) {
  Parameters parameters({{"a", "${b}"}, {"b", "x"}});
  EXPECT_EQ(*parameters.Substitute("${a}"), "${b}");
}

TEST(Parameters, ThatHaveNoValueAreAnError) {
  Parameters parameters(std::map<std::string, std::string>{{"interval", "1"}});
  EXPECT_THAT(parameters.Substitute("${intervall}").error().message,
              testing::HasSubstr("parameter \"intervall\" has no value here (did you mean \"interval\"?)"));
  EXPECT_THAT(parameters.Substitute("${interval").error().message, testing::HasSubstr("is not closed"));
}

TEST(Parameters, LeaveReferencesToSecretsAlone) {
  Parameters parameters(std::map<std::string, std::string>{{"which", "db"}});
  EXPECT_EQ(*parameters.Substitute("x${secret.db-1.key}y"), "x${secret.db-1.key}y");
  EXPECT_TRUE(parameters.used().empty());
  EXPECT_THAT(parameters.Substitute("${secret.}").error().message, testing::HasSubstr("does not name a secret"));
  EXPECT_THAT(parameters.Substitute("${secret.Db}").error().message, testing::HasSubstr("does not name a secret"));
}

TEST(Parameters, AreEscapedSoThatTheTextComesBack) {
  Parameters parameters(std::map<std::string, std::string>{{"a", "1"}});
  for (const char* text : {"", "$", "$$", "$$$", "${a}", "$${a}", "$HOME", "a$", "${", "${secret.x}", "$${secret.x}",
                           "${secret.X}", "${secret.x", "$$${secret.x}$"}) {
    EXPECT_EQ(*parameters.Substitute(Parameters::Escape(text)), text);
  }
  EXPECT_EQ(Parameters::Escape("$HOME and ${secret.x}"), "$HOME and ${secret.x}");
}

}  // namespace
}  // namespace motley
