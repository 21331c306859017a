#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "common/model/model.h"

namespace motley {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

v1::DeploymentModel Model(const std::string& text) {
  v1::DeploymentModel model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &model)) << text;
  return model;
}

/// A database that offers what an application needs.
std::string Sound() {
  return R"(
    hosts { name: "cloud" external { address: "x" } required_ports { name: "up" } provided_ports { name: "api" } }
    hosts {
      name: "pi" ssh { address: "pi" user: "u" private_key: "${secret.k}"
      host_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPwIpIZUE9RTFDEhUyDbJTxKPYbTI5Gk8RwkvWSb4Tn" }
      provided_ports {
        name: "os" type: TYPE_EXECUTION
        capabilities { name: "python" software { version: "3.11" } }
        capabilities { name: "gpio" hardware { path: "/dev/gpiochip0" permissions: "rw" } }
      }
      provided_ports { name: "bare" type: TYPE_EXECUTION }
    }
    components {
      name: "db" process { command: "x" }
      provided_ports {
        name: "sql" number: 5432
        capabilities { name: "access" security { control_id: "AC-3" description: "d" } }
      }
      provided_ports { name: "run" type: TYPE_EXECUTION }
    }
    components {
      name: "app" process { command: "x" }
      required_ports { name: "db" mandatory: true capabilities { name: "access" security { control_id: "AC-3" } } }
      required_ports { name: "log" }
      required_ports { name: "dns" protocol: "udp" }
    }
    components {
      name: "reader" host: "pi" process { command: "x" }
      required_ports {
        name: "os" type: TYPE_EXECUTION
        capabilities { name: "python" software { } }
        capabilities { name: "gpio" hardware { permissions: "r" } }
      }
    }
    links { name: "l" from: "db/sql" to: "app/db" }
  )";
}

TEST(Ports, AreSoundWhenTheyFitEachOther) { EXPECT_THAT(ProblemsOf(Model(Sound())), IsEmpty()); }

struct Fault {
  const char* from;
  const char* to;
  const char* problem;
};
class FaultyPorts : public testing::TestWithParam<Fault> {};

TEST_P(FaultyPorts, AreToldWhatIsWrong) {
  std::string text = Sound();
  const auto at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos) << GetParam().from;
  text.replace(at, std::string(GetParam().from).size(), GetParam().to);
  EXPECT_THAT(ProblemsOf(Model(text)), ElementsAre(HasSubstr(GetParam().problem))) << GetParam().to;
}

constexpr char kLink[] = "links {";

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultyPorts,
    testing::Values(
        Fault{"links { name: \"l\" from: \"db/sql\" to: \"app/db\" }", "",
              "component \"app\" must have its port \"db\" linked; add a link to app/db"},
        Fault{"{ name: \"up\" }", "{ name: \"up\" mandatory: true }",
              "host \"cloud\" must have its port \"up\" linked"},
        Fault{"name: \"log\"", "name: \"db\"", "has a port \"db\" that is there twice"},
        Fault{"name: \"log\"", "name: \"Log\"", "has a port \"Log\" that is not named well"},
        Fault{"protocol: \"udp\"", "protocol: \"sctp\"", "has the protocol \"sctp\""},
        Fault{"number: 5432", "number: 70000", "has number 70000"},
        Fault{kLink, "links { name: \"m\" from: \"sql\" to: \"app/log\" } links {", "which is not OWNER/PORT"},
        Fault{kLink, "links { name: \"m\" from: \"d/sql\" to: \"app/log\" } links {", "but \"d\" is not in the model"},
        Fault{kLink, "links { name: \"m\" from: \"db/sq\" to: \"app/log\" } links {",
              "but \"db\" has no port \"sq\"; add it to its provides"},
        Fault{kLink, "links { name: \"m\" from: \"cloud/up\" to: \"app/log\" } links {", "which is a required port"},
        Fault{kLink, "links { name: \"m\" from: \"cloud/api\" to: \"db/sql\" } links {", "which is a provided port"},
        Fault{kLink, "links { name: \"m\" from: \"db/run\" to: \"app/log\" } links {", "which is an execution port"},
        Fault{kLink, "links { name: \"m\" from: \"db/sql\" to: \"app/dns\" } links {", "a tcp port and a udp port"},
        Fault{kLink, "links { name: \"l\" from: \"cloud/api\" to: \"app/log\" } links {", "link \"l\" is there twice"},
        Fault{kLink, "links { name: \"\" from: \"cloud/api\" to: \"app/log\" } links {", "has no proper name"},
        Fault{"control_id: \"AC-3\" description", "control_id: \"AC-4\" description",
              "link \"l\" needs security \"access\" AC-3 of \"db/sql\", which does not provide it"},
        Fault{"software { }", "software { version: \"3.12\" }", "none of whose execution ports has that"},
        Fault{"permissions: \"r\" ", "permissions: \"rm\" ",
              "component \"reader\" needs software \"python\", hardware"},

        Fault{"name: \"log\"", "name: \"log\" capabilities { name: \"x\" }", "a capability without a type"}));

TEST(Ports, OfExecutionMustHaveAllThatIsNeededAtOnePort) {
  v1::DeploymentModel model = Model(Sound());
  v1::Host& pi = *model.mutable_hosts(1);
  EXPECT_THAT(ProblemsOf(model), IsEmpty());
  // The same two capabilities, each at a port of its own.
  *pi.mutable_provided_ports(1)->add_capabilities() = pi.provided_ports(0).capabilities(1);
  pi.mutable_provided_ports(0)->mutable_capabilities()->RemoveLast();
  EXPECT_THAT(ProblemsOf(model), ElementsAre(HasSubstr("none of whose execution ports has that")));
}

TEST(Ports, OfACarrierCountForWhatStandsOnIt) {
  v1::DeploymentModel model = Model(Sound());
  model.mutable_components(2)->set_host("db");
  EXPECT_THAT(ProblemsOf(model), ElementsAre(HasSubstr("needs software \"python\", hardware \"gpio\" r of \"db\"")));
  for (const v1::Capability& capability : model.hosts(1).provided_ports(0).capabilities()) {
    *model.mutable_components(0)->mutable_provided_ports(1)->add_capabilities() = capability;
  }
  EXPECT_THAT(ProblemsOf(model), IsEmpty());
}

}  // namespace
}  // namespace motley
