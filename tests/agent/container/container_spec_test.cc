#include "agent/kinds/container_spec.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace motley::agent {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

Instance Make() {
  Instance instance;
  instance.application = "shop";
  instance.digest = "sha256:1";
  instance.component.set_name("web");
  instance.component.mutable_container()->set_image("nginx");
  return instance;
}

Json Body(const Instance& instance) { return Json::parse(CreateBody("gw", instance, "sha256:9", {20'000, 4'096})); }

TEST(ContainerSpec, NamesTellKeysApart) {
  auto a = Make();
  auto b = Make();
  a.application = "x-y";
  a.component.set_name("z");
  b.application = "x";
  b.component.set_name("y-z");
  EXPECT_NE(ContainerName("gw", a), ContainerName("gw", b));
  EXPECT_NE(ContainerName("gw", a), ContainerName("gw-2", a));
  EXPECT_EQ(ContainerName("gw", Make()), ContainerName("gw", Make()));
  EXPECT_THAT(ContainerName("gw", Make()), ::testing::MatchesRegex("motley-shop-web-[0-9a-f]{8}"));
  a.application = "über/all";
  EXPECT_THAT(ContainerName("gw", a), ::testing::MatchesRegex("[a-zA-Z0-9_.-]+"));
}

TEST(ContainerSpec, KnowsWhatIsSetAside) {
  const std::string name = ContainerName("gw", Make());
  EXPECT_TRUE(IsAside(AsideName(name, "0123456789abcdef0123")));
  EXPECT_FALSE(IsAside(name));
  auto tricky = Make();
  tricky.component.set_name("web.aside-abc");
  EXPECT_FALSE(IsAside(ContainerName("gw", tricky)));
}

TEST(ContainerSpec, MapsTheModelToTheCall) {
  auto instance = Make();
  auto* spec = instance.component.mutable_container();
  (*spec->mutable_environment())["A"] = "b=c";
  (*spec->mutable_labels())["owner"] = "me";
  spec->set_stop_timeout_ms(1'500);
  auto* port = spec->add_ports();
  port->set_host_port(8080);
  port->set_container_port(80);
  port->set_host_address("127.0.0.1");
  auto* device = spec->add_devices();
  device->set_path_on_host("/dev/ttyUSB0");
  auto* volume = spec->add_mounts();
  volume->set_source("data");
  volume->set_target("/data");
  instance.component.mutable_limits()->set_memory_mb(64);
  instance.component.mutable_limits()->set_cpu_millis(1'500);
  const Json body = Body(instance);
  EXPECT_EQ(body["Image"], "sha256:9");
  EXPECT_EQ(body["Env"], Json::array({"A=b=c"}));
  EXPECT_EQ(body["StopTimeout"], 2);
  EXPECT_EQ(body["Labels"]["owner"], "me");
  EXPECT_EQ(body["Labels"]["io.motley.digest"], "sha256:1");
  EXPECT_FALSE(body.contains("Entrypoint"));
  EXPECT_FALSE(body.contains("Cmd"));
  const Json& host = body["HostConfig"];
  EXPECT_EQ(host["PortBindings"]["80/tcp"][0], Json({{"HostIp", "127.0.0.1"}, {"HostPort", "8080"}}));
  EXPECT_EQ(host["NetworkMode"], "bridge");
  EXPECT_EQ(host["RestartPolicy"]["Name"], "unless-stopped");
  EXPECT_EQ(host["Memory"], 64 << 20);
  EXPECT_EQ(host["NanoCpus"], 1'500'000'000);
  EXPECT_FALSE(host.contains("PidsLimit"));
  EXPECT_EQ(host["SecurityOpt"], Json::array({"no-new-privileges"}));
  EXPECT_EQ(host["Mounts"][0]["Type"], "volume");
  EXPECT_EQ(host["Devices"][0],
            Json({{"PathOnHost", "/dev/ttyUSB0"}, {"PathInContainer", "/dev/ttyUSB0"}, {"CgroupPermissions", "rwm"}}));
  EXPECT_EQ(host["Ulimits"][0], Json({{"Name", "nofile"}, {"Soft", 1024}, {"Hard", 20'000}}));
  EXPECT_EQ(host["LogConfig"]["Config"]["max-size"], "1m");
}

TEST(ContainerSpec, PublishesNothingOnTheHostsNetwork) {
  auto instance = Make();
  auto* spec = instance.component.mutable_container();
  spec->set_network("host");
  spec->add_ports()->set_host_port(80);
  EXPECT_FALSE(Body(instance)["HostConfig"].contains("PortBindings"));
}

TEST(ContainerSpec, LetsNoModelForgeWhoseItIs) {
  auto instance = Make();
  (*instance.component.mutable_container()->mutable_labels())["io.motley.gateway"] = "another";
  EXPECT_THAT(CheckContainer(instance.component).error().message, HasSubstr("io.motley.gateway"));
  EXPECT_EQ(Body(instance)["Labels"]["io.motley.gateway"], "gw");
}

struct Wrong {
  const char* what;
  void (*spoil)(v1::Component&);
};

class ContainerSpecWrong : public ::testing::TestWithParam<Wrong> {};

TEST_P(ContainerSpecWrong, IsRefusedByName) {
  auto component = Make().component;
  ASSERT_TRUE(CheckContainer(component));
  GetParam().spoil(component);
  const auto checked = CheckContainer(component);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::kInvalid);
  EXPECT_THAT(checked.error().message, HasSubstr(GetParam().what));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ContainerSpecWrong,
    ::testing::Values(Wrong{"neither an image nor an archive", [](auto& c) { c.mutable_container()->clear_image(); }},
                      Wrong{"image \"a b\"", [](auto& c) { c.mutable_container()->set_image("a b"); }},
                      Wrong{"port 0:0", [](auto& c) { c.mutable_container()->add_ports(); }},
                      Wrong{"\"sctp\" is not known",
                            [](auto& c) {
                              auto* port = c.mutable_container()->add_ports();
                              port->set_host_port(1);
                              port->set_container_port(1);
                              port->set_protocol("sctp");
                            }},
                      Wrong{"\"none\" has no ports",
                            [](auto& c) {
                              auto* port = c.mutable_container()->add_ports();
                              port->set_host_port(1);
                              port->set_container_port(1);
                              c.mutable_container()->set_network("none");
                            }},
                      Wrong{"mount \":\"", [](auto& c) { c.mutable_container()->add_mounts(); }},
                      Wrong{"a path on the host is absolute",
                            [](auto& c) {
                              auto* mount = c.mutable_container()->add_mounts();
                              mount->set_source("../data");
                              mount->set_target("/data");
                            }},
                      Wrong{"device \"tty\"",
                            [](auto& c) { c.mutable_container()->add_devices()->set_path_on_host("tty"); }},
                      Wrong{"\"rx\" are not of r, w and m",
                            [](auto& c) {
                              auto* device = c.mutable_container()->add_devices();
                              device->set_path_on_host("/dev/null");
                              device->set_permissions("rx");
                            }},
                      Wrong{"environment variable \"A=B\"",
                            [](auto& c) { (*c.mutable_container()->mutable_environment())["A=B"] = ""; }},
                      Wrong{"set the user in the image", [](auto& c) { c.set_user("nobody"); }}));

}  // namespace
}  // namespace motley::agent
