#include "tests/agent/container/engines.h"

namespace motley::tests {
namespace {

using agent::Instance;

/// Ends the engines when all tests are done.
class Engines : public ::testing::Environment {
 public:
  void TearDown() override {
    for (auto& [type, engine] : engines_) engine.reset();
  }
  std::map<EngineType, std::unique_ptr<ContainerEngine>> engines_;
};

Engines* const kEngines = static_cast<Engines*>(::testing::AddGlobalTestEnvironment(new Engines));

}  // namespace

ContainerEngine& SharedEngine(EngineType type) {
  auto& engine = kEngines->engines_[type];
  if (engine != nullptr) return *engine;
  engine = std::make_unique<ContainerEngine>(type);
  const TemporaryFolder folder;
  WriteImageArchive({.name = kTestImage, .command = {"sleep", "1000"}, .health = {}}, folder / "image.tar");
  EXPECT_GOOD(agent::DockerEngine(engine->socket()).Load(folder / "image.tar"));
  return *engine;
}

ContainerTestBase::ContainerTestBase() { RestartKind(); }

ContainerTestBase::~ContainerTestBase() {
  kind_.reset();
  if (HasFailure()) std::fprintf(stderr, "%s\n", real_.Log().c_str());
  real_.RemoveAllContainers();
  const std::string kept = TestImageId();
  if (const auto images = engine_.ImageIds()) {
    for (const auto& image : *images) {
      if (image != kept) (void)engine_.RemoveImage(image);
    }
  }
}

void ContainerTestBase::RestartKind() {
  kind_.reset();
  kind_ = std::make_unique<agent::ContainerKind>(*loop_, setup_, agent::SshClient(folder_ / "ssh"), real_.socket());
}

v1::ArtifactRef ContainerTestBase::Image(const TestImage& image) {
  WriteImageArchive(image, folder_ / "image.tar");
  return Artifact("image.tar", Text(folder_ / "image.tar"));
}

Instance ContainerTestBase::Shell(const std::string& name, const std::string& script) {
  auto instance = Make(name);
  auto* spec = Spec(&instance);
  spec->set_image(kTestImage);
  spec->add_entrypoint("/bin/sh");
  spec->add_command("-c");
  spec->add_command(script);
  spec->set_network("none");
  spec->set_confirm_ms(100);
  spec->set_stop_timeout_ms(1000);
  Seal(&instance);
  return instance;
}

Instance ContainerTestBase::Server(const std::string& name, int version) {
  // The first process of a container has no default actions: a bare sleep would have to be killed.
  return Shell(name, "trap 'exit 0' TERM; sleep 1000 & wait # " + std::to_string(version));
}

std::string ContainerTestBase::TestImageId() {
  const auto image = engine_.FindImage(kTestImage);
  if (image && *image) return **image;
  ADD_FAILURE() << "the test image is gone";
  return "";
}

agent::ContainerDetails ContainerTestBase::Details(const Instance& instance) {
  const auto found = engine_.Inspect(Name(instance));
  if (found && *found) return **found;
  ADD_FAILURE() << "no container " << Name(instance) << (found ? "" : ": " + found.error().message);
  return {};
}

std::vector<std::string> ContainerTestBase::Names() {
  const auto containers = engine_.List({});
  if (!containers) return {"(" + containers.error().message + ")"};
  std::vector<std::string> names;
  for (const auto& container : *containers) names.push_back(container.name);
  std::sort(names.begin(), names.end());
  return names;
}

bool ContainerTestBase::CommitLeaves(const std::vector<std::string>& names) {
  kind_->Commit();
  return RunUntil(
      *loop_, [&] { return Names() == names; }, std::chrono::seconds(20));
}

std::vector<std::string> ContainerTestBase::Output(const Instance& instance, std::size_t lines) {
  std::vector<std::string> output;
  WaitFor([&] {
    const auto read = engine_.LastLogLines(Name(instance), 100);
    if (read) output = *read;
    return output.size() >= lines;
  });
  return output;
}

}  // namespace motley::tests
