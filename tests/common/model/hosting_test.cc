#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>

#include "common/model/model.h"

namespace motley {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kHosts[] = R"(
  hosts { name: "mcu" mcu { board: "uno" } }
  hosts { name: "ssh" ssh { address: "pi" user: "u" private_key: "${secret.k}"
          host_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPwIpIZUE9RTFDEhUyDbJTxKPYbTI5Gk8RwkvWSb4Tn" } }
  hosts { name: "engine" container_engine { host: "ssh" } }
  hosts { name: "cloud" external { } }
  components { name: "on-gateway" process { command: "x" } }
  components { name: "on-ssh" host: "ssh" process { command: "x" } }
  components { name: "on-engine" host: "engine" container { image: "x" } }
)";

v1::DeploymentModel Model(const std::string& text) {
  v1::DeploymentModel model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &model)) << text;
  return model;
}

std::string Artifact(const std::string& field) {
  return field + " { digest: \"sha256:" + std::string(64, '0') + "\" }";
}

/// Kinds of components and where each of them may stand.
TEST(Hosting, FitsEachKindOnItsHostsOnly) {
  const std::vector<std::string> places{"",      "gateway",    "mcu",    "ssh",      "engine",
                                        "cloud", "on-gateway", "on-ssh", "on-engine"};
  struct Row {
    std::string kind;
    std::string allowed;  // one character a place
  };
  const std::vector<Row> rows{
      {"process { command: \"x\" }", "++-+--++-"},
      {"file { path: \"/x\" content: \"\" }", "++-+--++-"},
      {"script { apply: \"x\" }", "++-+--++-"},
      {"firmware { version: \"1\" " + Artifact("image") + " }", "--+------"},
      {"container { image: \"x\" }", "++--+----"},
      {"archive { path: \"/srv/x\" " + Artifact("archive") + " }", "++-------"},
      {"package { package: \"jq\" }", "++-------"},
      {"plugin { plugin: \"p\" config: \"{}\" }", "+++++-+++"},
  };
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto problems =
          ProblemsOf(Model(kHosts + ("components { name: \"a\" host: \"" + places[i] + "\" " + row.kind + " }")));
      EXPECT_EQ(problems.empty(), row.allowed[i] == '+')
          << row.kind << " on \"" << places[i] << "\" " << testing::PrintToString(problems);
      if (row.allowed[i] == '-') {
        EXPECT_THAT(problems, ElementsAre(HasSubstr("component \"a\" "))) << row.kind;
      }
    }
  }
}

TEST(Hosting, OnNothingIsAnError) {
  EXPECT_THAT(ProblemsOf(Model(R"(components { name: "a" host: "moon" script { apply: "x" } })")),
              ElementsAre("component \"a\" is on host \"moon\", which is not in the model; declare it under hosts"));
}

TEST(Hosting, OnOneselfIsACycleAndNothingElse) {
  EXPECT_THAT(ProblemsOf(Model(R"(components { name: "a" host: "b" script { apply: "x" } }
                                  components { name: "b" host: "c" script { apply: "x" } }
                                  components { name: "c" host: "b" script { apply: "x" } })")),
              ElementsAre(HasSubstr("wait for one another: b -> c -> b;")));
}

TEST(Hosting, MayBeDeep) {
  v1::DeploymentModel model;
  for (int i = 0; i < 1000; ++i) {
    v1::Component& component = *model.add_components();
    component.set_name("c" + std::to_string(i));
    if (i < 999) component.set_host("c" + std::to_string(i + 1));
    component.mutable_script()->set_apply("x");
  }
  EXPECT_THAT(ProblemsOf(model), IsEmpty());
  model.mutable_components(999)->set_host("c0");
  EXPECT_THAT(ProblemsOf(model), ElementsAre(HasSubstr("wait for one another: c0 -> c1 -> c2")));
}

}  // namespace
}  // namespace motley
