#include "common/model/fit.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

const v1::DeploymentModel kModel = Parse<v1::DeploymentModel>(R"(
  hosts { name: "engine" container_engine { socket: "/run/other.sock" } }
  components { name: "play" plugin { plugin: "ansible" config: "{}" } resources { memory_mb: 10 disk_mb: 5 } }
  components { name: "web" container { image: "x" } resources { memory_mb: 20 } }
  components { name: "db" host: "engine" container { image: "x" } }
)");

TEST(Misfits, AreNoneWhereEverythingIsThere) {
  EXPECT_THAT(MisfitsOf(kModel, Parse<v1::Context>(R"(kinds: ["container", "plugin:ansible"] memory_mb: 30 disk_mb: 5
                                                      container_engine: "docker 20.10")")),
              IsEmpty());
}

TEST(Misfits, AreKindsAndPluginsThatTheAgentDoesNotHave) {
  EXPECT_THAT(
      MisfitsOf(kModel, Parse<v1::Context>(R"(kinds: ["process", "container"] container_engine: "podman 4.3")")),
      ElementsAre("component \"play\" needs the plugin \"ansible\", which this gateway does not have; put it into "
                  "the gateway's plugin folder"));
  EXPECT_THAT(MisfitsOf(kModel, Parse<v1::Context>(R"(kinds: ["plugin:ansible"] container_engine: "podman 4.3")")),
              ElementsAre(HasSubstr("component \"web\" is of kind container"), HasSubstr("component \"db\"")));
}

TEST(Misfits, AreContainersWithoutAnEngineWhereTheContextWouldTell) {
  EXPECT_THAT(MisfitsOf(kModel, Parse<v1::Context>(R"(kinds: ["container", "plugin:ansible"])")),
              ElementsAre(HasSubstr("component \"web\" needs a container engine")));
}

TEST(Misfits, AreResourcesInSum) {
  EXPECT_THAT(MisfitsOf(kModel, Parse<v1::Context>("memory_mb: 29 disk_mb: 4")),
              ElementsAre(HasSubstr("needs 30 MB of memory, and the gateway has 29"), HasSubstr("needs 5 MB of disk")));
  v1::DeploymentModel model = kModel;
  for (v1::Component& component : *model.mutable_components()) component.mutable_resources()->set_memory_mb(UINT64_MAX);
  EXPECT_THAT(MisfitsOf(model, Parse<v1::Context>("memory_mb: 29")), ElementsAre(HasSubstr("the gateway has 29")));
}

TEST(Misfits, AreNotSeenInAContextThatSaysNothing) { EXPECT_THAT(MisfitsOf(kModel, v1::Context()), IsEmpty()); }

}  // namespace
}  // namespace motley
