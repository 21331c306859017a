#include "tools/swarm/fleet_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::tests {
namespace {

using swarm::Generator;
using swarm::ReadMachines;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(FleetSource, TheGeneratorsGatewaysDoNotDependOnHowManyThereAre) {
  Generator one(7, "gw-", 3);
  Generator other(7, "gw-", 3);
  const Attributes first = one.Next();
  EXPECT_EQ(first.gateway, "gw-001");
  EXPECT_EQ(first, other.Next());
  EXPECT_EQ(one.Next(), other.Next());
}

class FleetSourceFiles : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    WriteFileAtomically(folder_ / name, text, 0644).value();
    return folder_ / name;
  }
  TemporaryFolder folder_;
};

TEST_F(FleetSourceFiles, GatewaysOfAFleetFile) {
  const auto machines = ReadMachines(Write("fleet.yaml", R"(
variants: [{name: any}]
gateways:
  - {gateway: a, memory_mb: 512, boards: [uno], tags: {site: oslo}}
  - {gateway: b}
)"));
  ASSERT_TRUE(machines) << machines.error().message;
  ASSERT_EQ(machines->size(), 2u);
  EXPECT_EQ(machines->at(0).memory_mb, 512u);
  EXPECT_EQ(machines->at(0).tags.at("site"), "oslo");
  EXPECT_THAT(machines->at(0).boards, ElementsAre("uno"));
}

TEST_F(FleetSourceFiles, GatewaysOfAListAloneOrBesideAFleetFile) {
  const std::string list = Write("list.csv", "gateway,arch,tags.site\na,arm64,oslo\nb,amd64,\n");
  EXPECT_EQ(ReadMachines(list).value().size(), 2u);
  const auto machines = ReadMachines(Write("fleet.yaml", "variants: [{name: any}]\ngateways_file: list.csv\n"));
  ASSERT_TRUE(machines) << machines.error().message;
  EXPECT_EQ(machines->at(1).arch, "amd64");
}

TEST_F(FleetSourceFiles, ErrorsNameTheFileAndTheLine) {
  EXPECT_EQ(ReadMachines(folder_ / "none.yaml").error().code, Code::kNotFound);
  EXPECT_EQ(ReadMachines(folder_ / "none.csv").error().code, Code::kNotFound);
  EXPECT_THAT(ReadMachines(Write("list.csv", "gateway,memory\na,1\n")).error().message, HasSubstr("list.csv:1: "));
  EXPECT_THAT(ReadMachines(Write("list.csv", "gateway,arch\n,arm64\n")).error().message,
              HasSubstr("list.csv:2: the gateway has no name"));
}

}  // namespace
}  // namespace motley::tests
