#include "controller/assign/assign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::controller {
namespace {

using testing::HasSubstr;

void AddVariant(v1::Release& release, const std::string& name, const std::string& when, int prefer) {
  v1::Variant& variant = *release.add_variants();
  variant.set_name(name);
  variant.set_when(when);
  variant.set_prefer(prefer);
}

std::vector<Candidate> Candidates() {
  v1::Release release;
  AddVariant(release, "small", "memory_mb >= 256", 1);
  AddVariant(release, "big", "memory_mb >= 2048", 10);
  AddVariant(release, "arm", "arch == \"arm64\"", 10);
  return CandidatesOf(release).value();
}

Subject Gateway(const std::string& id, std::uint64_t memory_mb, const std::string& arch) {
  Subject subject;
  subject.attributes.gateway = id;
  subject.attributes.memory_mb = memory_mb;
  subject.attributes.arch = arch;
  subject.enrolled = true;
  return subject;
}

TEST(Assign, TakesTheFittingVariantWithTheHighestPreference) {
  const std::vector<Subject> subjects{Gateway("g1", 512, "amd64"), Gateway("g2", 4096, "amd64")};
  const auto assignments = Assign(Candidates(), subjects);
  ASSERT_EQ(assignments.size(), 2u);
  EXPECT_EQ(assignments[0].gateway(), "g1");
  EXPECT_EQ(assignments[0].variant(), "small");
  EXPECT_EQ(assignments[0].reason(), "the only variant that fits");
  EXPECT_EQ(assignments[1].variant(), "big");
  EXPECT_EQ(assignments[1].reason(), "highest preference (10) of 2 variants that fit");
}

TEST(Assign, TakesTheFirstInTheFileAmongEquals) {
  const std::vector<Subject> subjects{Gateway("g1", 4096, "arm64")};
  const auto assignments = Assign(Candidates(), subjects);
  EXPECT_EQ(assignments[0].variant(), "big");
  EXPECT_THAT(assignments[0].reason(), HasSubstr("the first in the release"));
}

TEST(Assign, SaysForEachVariantWhyAGatewayGetsNone) {
  const std::vector<Subject> subjects{Gateway("g1", 128, "amd64")};
  const auto assignments = Assign(Candidates(), subjects);
  EXPECT_EQ(assignments[0].variant(), "");
  EXPECT_THAT(assignments[0].reason(), HasSubstr("small: memory_mb >= 256"));
  EXPECT_THAT(assignments[0].reason(), HasSubstr("memory_mb is 128"));
  EXPECT_THAT(assignments[0].reason(), HasSubstr("arm: "));
}

TEST(Assign, GivesNothingToAGatewayThatIsNotEnrolled) {
  Subject subject = Gateway("g1", 4096, "arm64");
  subject.enrolled = false;
  subject.previous = "1.0.0/big";
  const auto assignments = Assign(Candidates(), std::span(&subject, 1));
  EXPECT_EQ(assignments[0].variant(), "");
  EXPECT_THAT(assignments[0].reason(), HasSubstr("not enrolled yet"));
  EXPECT_EQ(assignments[0].previous(), "1.0.0/big");
}

TEST(Assign, ExplainsEveryVariantForOneGateway) {
  const auto assignment = Explain(Candidates(), Gateway("g1", 512, "amd64"));
  ASSERT_EQ(assignment.verdicts_size(), 3);
  EXPECT_TRUE(assignment.verdicts(0).fits());
  EXPECT_EQ(assignment.verdicts(0).reason(), "fits");
  EXPECT_FALSE(assignment.verdicts(1).fits());
  EXPECT_EQ(assignment.verdicts(1).prefer(), 10);
  EXPECT_THAT(assignment.verdicts(1).reason(), HasSubstr("memory_mb is 512"));
}

TEST(Assign, RefusesASelectorThatIsNone) {
  v1::Release release;
  AddVariant(release, "odd", "arhc == 1", 0);
  const auto candidates = CandidatesOf(release);
  ASSERT_FALSE(candidates);
  EXPECT_THAT(candidates.error().message, HasSubstr("variant \"odd\""));
}

}  // namespace
}  // namespace motley::controller
