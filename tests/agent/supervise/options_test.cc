#include "agent/supervise/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace motley::agent {
namespace {

// The error, empty if there is none.
std::string Parse(std::vector<std::string> words, SupervisorOptions* options) {
  words.insert(words.begin(), "motley-supervise");
  static std::vector<std::string> kept;
  kept = std::move(words);
  std::vector<char*> pointers;
  for (auto& word : kept) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  Text<256> error;
  const bool good = ParseSupervisorOptions(static_cast<int>(kept.size()), pointers.data(), options, &error);
  EXPECT_EQ(good, error.view().empty());
  return std::string(error.view());
}

TEST(SupervisorOptions, AreReadFromTheCommandLine) {
  SupervisorOptions options;
  EXPECT_EQ(Parse({"--dir", "/run/x", "--restart", "on-failure", "--stop-timeout-ms", "250", "--", "prog", "--dir"},
                  &options),
            "");
  EXPECT_STREQ(options.folder, "/run/x");
  EXPECT_EQ(options.restart, RestartPolicy::kOnFailure);
  EXPECT_EQ(options.stop_timeout_ms, 250);
}

TEST(SupervisorOptions, SayHowTheProgramIsKeptApart) {
  SupervisorOptions options;
  EXPECT_EQ(Parse({"--dir", "/run/x", "--user", "1000:1001:20:44", "--cgroup", "/c/1", "--cgroup", "/c/2", "--oom-file",
                   "/c/1/o", "--memory-mb", "64", "--address-space-mb", "65", "--user-processes", "66", "--", "prog"},
                  &options),
            "");
  EXPECT_TRUE(options.has_user);
  EXPECT_EQ(options.user.user, 1000u);
  EXPECT_EQ(options.user.group, 1001u);
  ASSERT_EQ(options.user.group_count, 2);
  EXPECT_EQ(options.user.groups[0], 20u);
  EXPECT_EQ(options.user.groups[1], 44u);
  EXPECT_STREQ(options.cgroups[1], "/c/2");
  EXPECT_EQ(options.cgroups[2], nullptr);
  EXPECT_STREQ(options.oom_file, "/c/1/o");
  EXPECT_EQ(options.memory_mb, 64);
  EXPECT_EQ(options.address_space_mb, 65);
  EXPECT_EQ(options.user_processes, 66);
}

TEST(SupervisorOptions, TakeNoHalfUser) {
  ProgramUser user;
  for (const char* text : {"", "1", "1:", ":1", "1:x", "1:-1", "4294967295:1", "1:4294967296"}) {
    EXPECT_FALSE(ParseProgramUser(text, &user)) << text;
  }
  EXPECT_TRUE(ParseProgramUser("0:0", &user));
  std::string many = "1";
  for (int i = 0; i <= ProgramUser::kMaxGroups; ++i) many += ":2";
  EXPECT_TRUE(ParseProgramUser(many.c_str(), &user));
  EXPECT_FALSE(ParseProgramUser((many + ":2").c_str(), &user));
}

TEST(SupervisorOptions, AreRefusedWithTheReason) {
  struct Row {
    std::vector<std::string> words;
    std::string error;
  };
  const Row rows[] = {
      {{"--", "prog"}, "--dir is missing"},
      {{"--dir", "/x"}, "the program is missing after --"},
      {{"--dir", "/x", "--"}, "the program is missing after --"},
      {{"--dir"}, "--dir: its value is missing"},
      {{"--colour", "blue"}, "unknown option --colour"},
      {{"--restart", "daily"}, "--restart daily: expected always, on-failure or never"},
      {{"--log-bytes", "12"}, "--log-bytes 12: expected a number of at least 16384"},
      {{"--stop-timeout-ms", "5s"}, "--stop-timeout-ms 5s: expected a number of at least 0"},
      {{"--backoff-max-ms", "99999999999999999999"},
       "--backoff-max-ms 99999999999999999999: expected a number of at "
       "least 1"},
  };
  for (const auto& row : rows) {
    SupervisorOptions options;
    EXPECT_EQ(Parse(row.words, &options), row.error);
  }
}

}  // namespace
}  // namespace motley::agent
