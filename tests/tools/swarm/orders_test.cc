#include "tools/swarm/orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::swarm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Orders, AreWords) {
  const Order context = ParseOrder("context gw-1,gw-2  memory_mb=512 boards=uno").value();
  EXPECT_EQ(context.verb, Order::Verb::kContext);
  EXPECT_THAT(context.gateways, ElementsAre("gw-1", "gw-2"));
  EXPECT_THAT(context.changes, ElementsAre("memory_mb=512", "boards=uno"));
  EXPECT_EQ(ParseOrder("join 20").value().count, 20u);
  EXPECT_THAT(ParseOrder("leave all").value().gateways, ElementsAre("all"));
  EXPECT_EQ(ParseOrder("stat").value().verb, Order::Verb::kStat);
}

TEST(Orders, ThatAreWrongSayHowToWriteThem) {
  for (const auto& [line, part] :
       {std::pair("", "`help` lists all"), std::pair("leav gw-1", "did you mean \"leave\""),
        std::pair("leave", "write it like: leave gw-003"), std::pair("context gw-1", "write it like: context"),
        std::pair("stat now", "a word too many"), std::pair("leave gw-1 gw-2", "a word too many"),
        std::pair("join many", "not a number of gateways"), std::pair("join 0", "from 1 to"),
        std::pair("join 20000", "from 1 to"), std::pair("join -1", "not a number")}) {
    const auto order = ParseOrder(line);
    ASSERT_FALSE(order) << line;
    EXPECT_THAT(order.error().message, HasSubstr(part));
  }
}

TEST(Orders, AreAllInTheHelp) {
  for (const char* word : {"context", "leave", "join", "offline", "online", "fail", "heal", "show", "stat"}) {
    EXPECT_THAT(std::string(OrderHelp()), HasSubstr(word));
  }
}

}  // namespace
}  // namespace motley::swarm
