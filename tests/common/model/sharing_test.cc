#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "common/model/model.h"

namespace motley {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kHosts[] = R"(
  hosts { name: "pi" ssh { address: "pi" user: "u" private_key: "${secret.k}"
          host_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPwIpIZUE9RTFDEhUyDbJTxKPYbTI5Gk8RwkvWSb4Tn" } }
  hosts { name: "engine" container_engine { } }
  hosts { name: "pi-engine" container_engine { host: "pi" } }
)";

std::vector<std::string> Problems(const std::string& components) {
  v1::DeploymentModel model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kHosts + components, &model)) << components;
  return ProblemsOf(model);
}

/// A process with a provided port.
std::string Process(const std::string& name, const std::string& host, int port, const std::string& protocol = "") {
  return "components { name: \"" + name + "\" host: \"" + host +
         "\" process { command: \"x\" } provided_ports { name: " + "\"p\" number: " + std::to_string(port) +
         " protocol: \"" + protocol + "\" } }";
}

/// A container with a binding.
std::string Container(const std::string& name, const std::string& host, int port, const std::string& address = "",
                      const std::string& rest = "") {
  return "components { name: \"" + name + "\" host: \"" + host +
         "\" container { image: \"x\" ports { host_port: " + std::to_string(port) +
         " container_port: 80 host_address: \"" + address + "\" } " + rest + " } }";
}

TEST(PortNumbers, AreUsedOnceOnAMachine) {
  EXPECT_THAT(Problems(Process("a", "", 80) + Process("b", "gateway", 80)),
              ElementsAre("component \"b\" uses port 80/tcp of the gateway, as component \"a\" does; give one of them "
                          "another number"));
  EXPECT_THAT(Problems(Process("a", "", 80) + Container("b", "", 80)), ElementsAre(HasSubstr("80/tcp of the gateway")));
  EXPECT_THAT(Problems(Process("a", "", 80) + Container("b", "engine", 80)), ElementsAre(HasSubstr("80/tcp")));
  EXPECT_THAT(Problems(Process("a", "pi", 80) + Container("b", "pi-engine", 80)),
              ElementsAre(HasSubstr("80/tcp of host \"pi\"")));
}

TEST(PortNumbers, MayBeTheSameElsewhereOrWithAnotherProtocol) {
  EXPECT_THAT(Problems(Process("a", "", 80) + Process("b", "pi", 80)), IsEmpty());
  EXPECT_THAT(Problems(Process("a", "", 53, "udp") + Process("b", "", 53, "tcp")), IsEmpty());
  EXPECT_THAT(Problems(Container("a", "", 80) + Container("b", "pi-engine", 80)), IsEmpty());
}

TEST(PortNumbers, AreUsedAtTheirAddresses) {
  EXPECT_THAT(Problems(Container("a", "", 80, "10.0.0.1") + Container("b", "", 80, "10.0.0.2")), IsEmpty());
  EXPECT_THAT(Problems(Container("a", "", 80, "10.0.0.1") + Container("b", "", 80, "10.0.0.1")),
              ElementsAre(HasSubstr("component \"b\" uses port 80/tcp")));
  EXPECT_THAT(Problems(Container("a", "", 80, "10.0.0.1") + Container("b", "", 80)), ElementsAre(HasSubstr("80/tcp")));
  EXPECT_THAT(Problems(Container("a", "", 80, "0.0.0.0") + Container("b", "", 80, "::1")),
              ElementsAre(HasSubstr("80/tcp")));
}

TEST(PortNumbers, OfAComponentAndItsOwnBindingAreOneUse) {
  const std::string both = R"(components { name: "a" container { image: "x" ports { host_port: 80 container_port: 8080
                              host_address: "127.0.0.1" } } provided_ports { name: "http" number: 80 } })";
  EXPECT_THAT(Problems(both), IsEmpty());
  EXPECT_THAT(Problems(both + Container("b", "", 80, "10.0.0.1")), IsEmpty());
  EXPECT_THAT(Problems(both + Container("b", "", 80)), ElementsAre(HasSubstr("80/tcp")));
}

std::string File(const std::string& name, const std::string& host, const std::string& path) {
  return "components { name: \"" + name + "\" host: \"" + host + "\" file { path: \"" + path + "\" content: \"\" } }";
}

std::string Archive(const std::string& name, const std::string& path) {
  return "components { name: \"" + name + "\" archive { path: \"" + path +
         "\" archive { digest: \"sha256:" + std::string(64, '0') + "\" } } }";
}

TEST(Paths, BelongToOneComponentOnAMachine) {
  EXPECT_THAT(Problems(File("a", "", "/x") + File("b", "", "/x")),
              ElementsAre("component \"b\" wants the path /x, as component \"a\" does; give one of them another path"));
  EXPECT_THAT(Problems(File("a", "", "/srv/x") + Archive("b", "/srv/x")), ElementsAre(HasSubstr("wants the path")));
  EXPECT_THAT(Problems(File("a", "", "/x") + File("b", "pi", "/x")), IsEmpty());
}

TEST(Paths, AreNotInsideWhatBelongsToAnother) {
  EXPECT_THAT(
      Problems(File("a", "", "/srv/app/etc/x") + Archive("b", "/srv/app")),
      ElementsAre("component \"a\" wants the path /srv/app/etc/x, which is below /srv/app, a folder that belongs "
                  "to component \"b\"; choose a path outside it"));
  EXPECT_THAT(Problems(Archive("a", "/srv/app/x") + Archive("b", "/srv/app")),
              ElementsAre(HasSubstr("component \"a\"")));
  EXPECT_THAT(Problems(File("a", "", "/srv/x") + File("b", "", "/srv/x/y")),
              ElementsAre(HasSubstr("a file that belongs")));
  EXPECT_THAT(Problems(File("a", "", "/srv/application") + Archive("b", "/srv/app")), IsEmpty());
}

}  // namespace
}  // namespace motley
