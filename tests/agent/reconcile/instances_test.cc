#include "agent/reconcile/instances.h"

#include <gtest/gtest.h>

namespace motley::agent {
namespace {

Instance Process(const std::string& name, const std::string& host = "") {
  Instance instance;
  instance.application = "app";
  instance.component.set_name(name);
  instance.component.mutable_process()->add_command("x");
  instance.host.set_name(host);
  return instance;
}

TEST(Leftovers, AreWhatIsNotWantedAnyMore) {
  const auto leftovers = Leftovers({Process("a"), Process("b")}, {Process("a")});
  ASSERT_EQ(leftovers.size(), 1u);
  EXPECT_EQ(leftovers[0].Key(), "app/b");
}

TEST(Leftovers, HoldWhatMovedToAnotherHost) {
  const auto leftovers = Leftovers({Process("a", "pi")}, {Process("a", "other-pi")});
  ASSERT_EQ(leftovers.size(), 1u);
  EXPECT_EQ(leftovers[0].host.name(), "pi");
}

TEST(Leftovers, HoldWhatBecameAnotherKind) {
  Instance file = Process("a");
  file.component.mutable_file()->set_path("/x");
  EXPECT_EQ(Leftovers({Process("a")}, {file}).size(), 1u);
}

}  // namespace
}  // namespace motley::agent
