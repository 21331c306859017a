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
