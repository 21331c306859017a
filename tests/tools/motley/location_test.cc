#include "tools/motley/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "common/base/result.h"
#include "tests/support/folder.h"

namespace motley::cli {
namespace {

using testing::HasSubstr;

class Location : public testing::Test {
 protected:
  Location() {
    setenv("XDG_STATE_HOME", folder_.path().c_str(), 1);
    state_ = folder_ / "motley-controller";
    CHECK(mkdir(state_.c_str(), 0755) == 0);
    Write(state_ + "/controller.json", R"({"url": "http://127.0.0.1:1234", "more": [1]})");
    Write(state_ + "/admin.token", "secret\n");
  }
  ~Location() override { unsetenv("XDG_STATE_HOME"); }

  static void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

  tests::TemporaryFolder folder_;
  std::string state_;
};

TEST_F(Location, IsThatOfTheControllerOfThisUser) {
  const auto found = LocateController({});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->base_url, "http://127.0.0.1:1234");
  EXPECT_EQ(found->bearer_token, "secret");
}

TEST_F(Location, GivesTheTokenOfThisMachineToNoOtherAddress) {
  const auto found = LocateController({.controller = "http://elsewhere:1"});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Code::kInvalid);
  EXPECT_THAT(found.error().message, HasSubstr("no token for the controller at http://elsewhere:1: give --token-file"));
  EXPECT_TRUE(LocateController({.controller = "http://127.0.0.1:1234"}).has_value());
  EXPECT_TRUE(LocateController({.controller = "http://elsewhere:1", .state = state_}).has_value());
}

TEST_F(Location, NeedsNoStateFolderWhenBothAreGiven) {
  Write(folder_ / "token", "  mine \n");
  const auto found = LocateController({.controller = "http://elsewhere:1", .token_file = folder_ / "token"});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->bearer_token, "mine");
}

TEST_F(Location, NamesTheFoldersInWhichThereIsNoController) {
  const auto found = LocateController({.state = folder_ / "none"});
  ASSERT_FALSE(found.has_value());
  EXPECT_THAT(found.error().message, HasSubstr("no controller.json in " + (folder_ / "none") + ": start"));
}

TEST_F(Location, RefusesFilesThatAreNotWhatTheyShouldBe) {
  Write(state_ + "/admin.token", "two words");
  EXPECT_THAT(LocateController({}).error().message, HasSubstr("holds more than one word"));
  Write(state_ + "/admin.token", " \n");
  EXPECT_THAT(LocateController({}).error().message, HasSubstr("admin.token is empty"));
  Write(state_ + "/controller.json", "[]");
  EXPECT_THAT(LocateController({}).error().message, HasSubstr("controller.json names no url"));
}

}  // namespace
}  // namespace motley::cli
