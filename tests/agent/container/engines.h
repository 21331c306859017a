#pragma once

#include "agent/kinds/container.h"
#include "tests/agent/kinds/kind_test_base.h"
#include "tests/support/container_engine.h"

namespace motley::tests {

/// The engine of a type, which all tests of this program share. It has the image kTestImage.
ContainerEngine& SharedEngine(EngineType type);
inline constexpr const char* kTestImage = "localhost/motley-test:1";

/// A kind `container` at a real engine, which has no containers and no other images before and after each test.
class ContainerTestBase : public KindTestBase, public ::testing::WithParamInterface<EngineType> {
 protected:
  ContainerTestBase();
  ~ContainerTestBase() override;

  /// A new agent's, after the death of the old one.
  void RestartKind();
  /// A component on the engine, without a network, that runs a script on the test image.
  agent::Instance Shell(const std::string& name, const std::string& script);
  /// One that runs until it is told to stop, of some version.
  agent::Instance Server(const std::string& name, int version = 1);
  /// The archive of an image as an artifact of the store.
  v1::ArtifactRef Image(const TestImage& image);
  static v1::ContainerSpec* Spec(agent::Instance* instance) { return instance->component.mutable_container(); }

  std::string Name(const agent::Instance& instance) { return agent::ContainerName(setup_.gateway, instance); }
  /// What stands under the component's name; fails the test if nothing does.
  agent::ContainerDetails Details(const agent::Instance& instance);
  std::string Id(const agent::Instance& instance) { return Details(instance).id; }
  std::string TestImageId();
  /// Names of all containers, in order.
  std::vector<std::string> Names();
  /// Waits until the kind has done what it does behind the back of Commit.
  bool CommitLeaves(const std::vector<std::string>& names);
  /// What its program wrote, waiting until `lines` lines are there.
  std::vector<std::string> Output(const agent::Instance& instance, std::size_t lines);

  ContainerEngine& real_ = SharedEngine(GetParam());
  agent::DockerEngine engine_{real_.socket()};
  std::unique_ptr<agent::ContainerKind> kind_;
};

}  // namespace motley::tests
