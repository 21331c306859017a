#include "agent/supervise/restart.h"

#include <gtest/gtest.h>

namespace motley::agent {
namespace {

TEST(Restart, FollowsItsPolicy) {
  struct Row {
    RestartPolicy policy;
    bool succeeded;
    bool restarts;
  };
  const Row rows[] = {
      {RestartPolicy::kAlways, true, true},     {RestartPolicy::kAlways, false, true},
      {RestartPolicy::kOnFailure, true, false}, {RestartPolicy::kOnFailure, false, true},
      {RestartPolicy::kNever, true, false},     {RestartPolicy::kNever, false, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(ShouldRestart(row.policy, row.succeeded), row.restarts)
        << RestartPolicyName(row.policy) << (row.succeeded ? " after success" : " after failure");
  }
}

TEST(Restart, DoublesThePauseUpToTheLongest) {
  EXPECT_EQ(BackoffMs(1, 1000, 60000), 1000);
  EXPECT_EQ(BackoffMs(2, 1000, 60000), 2000);
  EXPECT_EQ(BackoffMs(4, 1000, 60000), 8000);
  EXPECT_EQ(BackoffMs(7, 1000, 60000), 60000);
  EXPECT_EQ(BackoffMs(4000000000u, 1000, 60000), 60000);
  EXPECT_EQ(BackoffMs(1, 5000, 2000), 2000);
}

TEST(Restart, CountsAnewAfterALongRun) {
  EXPECT_EQ(EndsInARow(0, 10, 60000), 1u);
  EXPECT_EQ(EndsInARow(5, 59999, 60000), 6u);
  EXPECT_EQ(EndsInARow(5, 60000, 60000), 1u);
}

TEST(Restart, NamesItsPoliciesBothWays) {
  for (const auto policy : {RestartPolicy::kAlways, RestartPolicy::kOnFailure, RestartPolicy::kNever}) {
    auto parsed = RestartPolicy::kAlways;
    EXPECT_TRUE(ParseRestartPolicy(RestartPolicyName(policy), &parsed));
    EXPECT_EQ(parsed, policy);
  }
  RestartPolicy policy;
  EXPECT_FALSE(ParseRestartPolicy("sometimes", &policy));
}

}  // namespace
}  // namespace motley::agent
