#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/release/release.h"

namespace motley {
namespace {

using testing::HasSubstr;

std::string With(const std::string& policy) {
  return "application: app\nversion: 1.0.0\ntemplate:\n  components:\n    main: {kind: process, command: [/bin/true]}\n"
         "variants:\n  - name: a\n  - name: b\n" +
         policy;
}

TEST(ReleaseRules, StandOnTheLinesThatTheyHaveInTheFile) {
  const auto draft = ParseReleaseFile("f.yaml", With(R"(x: 1
)"));
  ASSERT_FALSE(draft);
  EXPECT_THAT(draft.error().message, HasSubstr("f.yaml:9: release: unknown key \"x\""));
  const auto release = ParseReleaseFile("f.yaml", With(R"(rules:
  - balance: [a, b]
    within: tags.site
    weight: hard

  # Few at first.
  - at_most: 10%
    of: &few a
    where: 'tags.region == "eu"'
  - {at_least: 1, of: *few, weight: 5}
  - logic: |
      (= a
         b)
    weight: 1
)"))
                           .value()
                           .release;
  EXPECT_EQ(release.rules(), std::string(9, '\n') +
                                 "- {balance: [a, b], within: tags.site, weight: hard}\n\n\n\n\n"
                                 "- {at_most: 10%, of: a, where: tags.region == \"eu\"}\n\n\n"
                                 "- {at_least: 1, of: a, weight: 5}\n"
                                 "- {logic: \"(= a\\n   b)\\n\", weight: 1}\n");
}

TEST(ReleaseRules, PolicyIsReadStrictly) {
  const auto release =
      ParseReleaseFile(
          "f.yaml", With("joining: approve\nfallback: b\nmoves_per_day: 20\noptimise_every_hours: 24\npriority: 7\n"))
          .value()
          .release;
  EXPECT_EQ(release.joining(), v1::JOINING_APPROVE);
  EXPECT_EQ(release.fallback(), "b");
  EXPECT_EQ(release.moves_per_day(), 20u);
  EXPECT_EQ(release.optimise_every_hours(), 24u);
  EXPECT_EQ(release.priority(), 7u);
  struct Refusal {
    const char* policy;
    const char* message;
  };
  for (const Refusal& refusal :
       {Refusal{"joining: maybe\n", "f.yaml:9: joining: \"maybe\" is not propose, approve or ignore"},
        Refusal{"fallback: aa\n", "f.yaml:9: fallback: there is no variant \"aa\" (did you mean \"a\"?)"},
        Refusal{"moves_per_day: -1\n", "f.yaml:9: moves_per_day"}, Refusal{"priority: 0\n", "f.yaml:9: priority"},
        Refusal{"optimise_every_hours: 9000\n", "f.yaml:9: optimise_every_hours"},
        Refusal{"rules: all\n", "f.yaml:9: rules: expected a list"}}) {
    const auto draft = ParseReleaseFile("f.yaml", With(refusal.policy));
    ASSERT_FALSE(draft) << refusal.policy;
    EXPECT_THAT(draft.error().message, HasSubstr(refusal.message));
  }
}

}  // namespace
}  // namespace motley
