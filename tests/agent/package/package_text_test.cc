#include "agent/kinds/package_text.h"

#include <gmock/gmock.h>

namespace motley::agent {
namespace {

using State = PackageStanding::State;

TEST(PackageText, SaysHowAPackageStands) {
  struct Row {
    std::string output;
    State state;
    std::string version;
  };
  const Row rows[] = {
      {"", State::kAbsent, ""},
      {"not-installed|ok||amd64\n", State::kAbsent, ""},
      {"config-files|ok|1.0|all\n", State::kConfigFiles, "1.0"},
      {"installed|ok|1:2.3-4|amd64\n", State::kInstalled, "1:2.3-4"},
      {"triggers-pending|ok|1|all\n", State::kInstalled, "1"},
      {"half-installed|reinstreq|1|all\n", State::kBroken, "1"},
      {"installed|reinstreq|1|all\n", State::kBroken, "1"},
      {"unpacked|ok|1|all\n", State::kBroken, "1"},
      {"config-files|ok|1|armhf\ninstalled|ok|2|amd64\n", State::kInstalled, "2"},
      {"installed|ok|2|amd64\nnot-installed|ok||armhf\n", State::kInstalled, "2"},
      {"garbage", State::kBroken, ""},
  };
  for (const auto& row : rows) {
    const auto standing = ParseStanding(row.output);
    EXPECT_EQ(standing.state, row.state) << row.output;
    EXPECT_EQ(standing.version, row.version) << row.output;
  }
}

TEST(PackageText, ReadsWhatAptGetWouldDo) {
  const auto changes = ParseSimulation(
      "NOTE: this is only a simulation\n"
      "Inst tiny [2.0] (1.0 localhost, local-deb [all])\n"
      "Inst app (1:2.0 Debian:12/stable [amd64]) []\n"
      "Remv gone [3.1] [app:amd64 ]\n"
      "Purg lost [3.2]\n"
      "Conf app (1:2.0 Debian:12/stable [amd64])\n"
      "Inst\nRemv\n");
  ASSERT_EQ(changes.size(), 5u);
  EXPECT_EQ(changes[0].package + "|" + changes[0].before + "|" + changes[0].after, "tiny|2.0|1.0");
  EXPECT_EQ(changes[1].package + "|" + changes[1].before + "|" + changes[1].after, "app||1:2.0");
  EXPECT_EQ(changes[2].package + "|" + changes[2].before + "|" + changes[2].after, "gone|3.1|");
  EXPECT_EQ(changes[3].package + "|" + changes[3].before + "|" + changes[3].after, "lost|3.2|");
}

TEST(PackageText, ReadsFieldsOfAControlFile) {
  const std::string control = "Package: app\nVersion:1.0\t\nDescription: what\n Version: no\nEmpty:\n";
  EXPECT_EQ(ControlField(control, "Package"), "app");
  EXPECT_EQ(ControlField(control, "Version"), "1.0");
  EXPECT_EQ(ControlField(control, "Empty"), "");
  EXPECT_EQ(ControlField(control, "Pack"), std::nullopt);
}

TEST(PackageText, KnowsNamesAndVersionsThatAptGetCanNotTakeForSomethingElse) {
  for (const std::string good : {"mosquitto", "g++-12", "libc6:armhf", "0ad"}) EXPECT_TRUE(IsPackageName(good)) << good;
  for (const std::string bad :
       {"", "x", "-y", "a b", "Upper", "app=1", "app/stable", "../x.deb", "app:", "app:-a", "a_b"}) {
    EXPECT_FALSE(IsPackageName(bad)) << bad;
  }
  for (const std::string good : {"1", "1:2.0-3~deb12u1", "2.0+dfsg"}) EXPECT_TRUE(IsPackageVersion(good)) << good;
  for (const std::string bad : {"", "v1", "1 2", "1/2", "1=2", "-1"}) EXPECT_FALSE(IsPackageVersion(bad)) << bad;
  EXPECT_EQ(DebFileName("app", "1:2:3"), "app_1%3a2%3a3.deb");
}

TEST(PackageText, SaysWhyDpkgFailed) {
  EXPECT_EQ(PackageErrorText("W: slow\nE: Unable to locate package x\n", ""), "E: Unable to locate package x");
  EXPECT_EQ(PackageErrorText("dpkg: error processing package app (--configure):\n"
                             " installed app package post-installation script subprocess returned error exit status 1\n"
                             "Errors were encountered while processing:\n app\n"
                             "E: Sub-process /usr/bin/dpkg returned an error code (1)\n",
                             ""),
            "dpkg: error processing package app (--configure): | installed app package post-installation script "
            "subprocess returned error exit status 1 | E: Sub-process /usr/bin/dpkg returned an error code (1)");
  EXPECT_EQ(PackageErrorText("", "last"), "last");
  EXPECT_EQ(PackageErrorText("", ""), "it wrote nothing");
}

}  // namespace
}  // namespace motley::agent
