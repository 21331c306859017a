#include "common/genesis/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/model/model.h"

namespace motley::genesis {
namespace {

using testing::MatchesRegex;

TEST(GenesisNames, BecomeNames) {
  EXPECT_EQ(NameFrom("RPI1-(APP_Server)"), "rpi1-app_server");
  EXPECT_EQ(NameFrom("a resource"), "a-resource");
  EXPECT_EQ(NameFrom("--x--"), "x");
  EXPECT_EQ(NameFrom("Gewächshaus"), "gew-chshaus");
  EXPECT_EQ(NameFrom(""), "unnamed");
  EXPECT_EQ(NameFrom("(*)"), "unnamed");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text{'a', static_cast<char>(byte), static_cast<char>(byte)};
    EXPECT_TRUE(IsName(NameFrom(text))) << byte;
    EXPECT_TRUE(IsName(NameFrom(text.substr(1)))) << byte;
  }
  EXPECT_LE(NameFrom(std::string(500, 'x')).size(), 48U);
}

TEST(GenesisNames, DoNotDependOnTheOrderOfTheOriginals) {
  Names forward;
  forward.Give({"Sensor", "sensor", "SENSOR", "pump"});
  Names backward;
  backward.Give({"pump", "SENSOR", "sensor", "Sensor"});
  EXPECT_EQ(forward.Of("sensor"), "sensor");
  EXPECT_THAT(forward.Of("Sensor"), MatchesRegex("sensor-[0-9a-f]{6}"));
  EXPECT_NE(forward.Of("Sensor"), forward.Of("SENSOR"));
  for (const char* original : {"Sensor", "sensor", "SENSOR", "pump"}) {
    EXPECT_EQ(forward.Of(original), backward.Of(original));
  }
}

TEST(GenesisNames, KeepAwayFromTakenOnes) {
  Names names({"gateway"});
  names.Give({"Gateway"});
  EXPECT_THAT(names.Of("Gateway"), MatchesRegex("gateway-[0-9a-f]{6}"));
  EXPECT_EQ(names.New("x"), "x");
  EXPECT_EQ(names.New("x"), "x-2");
  EXPECT_EQ(names.Of("never given"), "");
}

}  // namespace
}  // namespace motley::genesis
