#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/model/model.h"
#include "common/model/steps.h"
#include "common/release/model_file.h"
#include "tests/common/genesis/greenhouse.h"

namespace motley::tests {
namespace {

/// Random valid models, as the editor would write them.
class Author {
 public:
  explicit Author(std::uint32_t seed) : random_(seed) {}

  json Write() {
    json model{{"components", json::array()}, {"links", json::array()}, {"containments", json::array()}};
    std::vector<std::string> hosts;
    for (int i = 0; i < 1 + Pick(3); ++i) {
      const char* types[] = {"/infra/docker_host", "/infra/vm_host", "/infra/device"};
      json host = Infra(Name("Host", i), types[Pick(3)], Pick(2) == 0 ? "127.0.0.1" : "192.0.2." + std::to_string(i));
      host["device_type"] = Pick(2) == 0 ? "uno" : "nano";
      hosts.push_back(host["name"]);
      model["components"].push_back(host);
    }
    std::vector<std::string> ends{"Cloud"};
    model["components"].push_back(External("Cloud", "cloud.example"));
    for (int i = 0; i < 1 + Pick(6); ++i) {
      const json guest = Guest(i);
      model["containments"].push_back(Hosting(hosts[Pick(hosts.size())], guest["name"]));
      ends.push_back(guest["name"]);
      model["components"].push_back(guest);
    }
    for (int i = 0; i < Pick(6); ++i) {
      json link = Link(Name("Link", i), ends[Pick(ends.size())], ends[Pick(ends.size())]);
      link["isDeployer"] = Pick(4) == 0;
      link["isControl"] = Pick(2) == 0;
      model["links"].push_back(link);
    }
    return model;
  }

 private:
  std::size_t Pick(std::size_t below) { return random_() % below; }
  int Pick(int below) { return static_cast<int>(random_() % static_cast<std::uint32_t>(below)); }

  /// Now and then some that become the same name.
  std::string Name(const std::string& stem, int i) {
    return Pick(4) == 0 ? stem + " " + std::to_string(i) : stem + "-(" + std::to_string(i) + ")";
  }

  json Guest(int i) {
    const char* types[] = {"/internal", "/internal/node_red", "/internal/thingml", "/internal/arduino"};
    json guest = Software(Name("Guest", i), types[Pick(4)]);
    if (Pick(2) == 0) guest["docker_resource"]["image"] = "example/image:" + std::to_string(Pick(5));
    guest["docker_resource"]["port_bindings"] = {{std::to_string(2000 + i), "80"}};
    if (Pick(2) == 0) guest["ssh_resource"]["startCommand"] = "echo \"${HOME}\" $$ --password=p" + std::to_string(i);
    if (Pick(3) == 0) guest["nr_flow"] = {{{"id", i}, {"password", "p"}, {"text", "ä\n\t\"$"}}};
    return guest;
  }

  std::mt19937 random_;
};

TEST(GenesisProperty, AValidModelOverItselfIsNoStep) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const json model = Author(seed).Write();
    const GenesisImport import = Import(model);
    ASSERT_TRUE(import.valid) << seed << ": " << import.errors.front();
    const GenesisImport again = Import({{"dm", model}});
    EXPECT_TRUE(DiffModels(import.model, {}, again.model, {}).steps.empty()) << seed;
  }
}

TEST(GenesisProperty, TheOrderOfAModelDoesNotMatter) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const json model = Author(seed).Write();
    json reversed = model;
    for (const char* list : {"components", "links", "containments"}) {
      std::reverse(reversed[list].begin(), reversed[list].end());
    }
    const GenesisImport a = Import(model);
    const GenesisImport b = Import(reversed);
    ASSERT_TRUE(b.valid) << seed;
    EXPECT_TRUE(DiffModels(a.model, {}, b.model, {}).steps.empty()) << seed;
  }
}

TEST(GenesisProperty, WhatIsImportedIsReadBackFromItsModelFileAsItWas) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const GenesisImport import = Import(Author(seed).Write());
    const auto file = ParseModelFile("model.yaml", WriteModelFile(import.model));
    ASSERT_TRUE(file) << seed << ": " << file.error().message;
    EXPECT_EQ(file->problems.size(), ProblemsOf(import.model).size()) << seed;
    EXPECT_TRUE(DiffModels(import.model, {}, file->model, {}).steps.empty()) << seed;
  }
}

TEST(GenesisProperty, WhatIsValidIsSoundButForWhatIsSaid) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const GenesisImport import = Import(Author(seed).Write());
    std::size_t said = 0;
    for (const std::string& warning : import.warnings) said += warning.starts_with("before it can be enacted: ");
    EXPECT_EQ(said, ProblemsOf(import.model).size()) << seed;
  }
}

}  // namespace
}  // namespace motley::tests
