#include "agent/kinds/docker_engine.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <thread>

#include "tests/agent/container/engines.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DockerEngineTest : public tests::ContainerTestBase {};

TEST_P(DockerEngineTest, KnowsWhatItTalksTo) {
  const auto name = EngineName(real_.socket());
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_THAT(*name, StartsWith(GetParam() == tests::EngineType::kDocker ? "docker " : "podman "));
  EXPECT_EQ(name->find('+'), std::string::npos);
}

TEST_P(DockerEngineTest, TellsWhatIsMissingFromWhatFails) {
  const auto container = engine_.Inspect("none");
  ASSERT_TRUE(container) << container.error().message;
  EXPECT_FALSE(*container);
  const auto image = engine_.FindImage("localhost/none:1");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_FALSE(*image);
  EXPECT_ERROR(engine_.Start("none"), Code::kNotFound, HasSubstr("none"));
  EXPECT_GOOD(engine_.Remove("none"));
  EXPECT_GOOD(engine_.RemoveImage("sha256:" + std::string(64, '0')));
}

TEST_P(DockerEngineTest, TellsThatANameIsTaken) {
  const auto instance = Server("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  const auto body = CreateBody("gw-7", instance, Details(instance).image_id, ProcessLimits::Own());
  EXPECT_ERROR(engine_.Create(Name(instance), body), Code::kConflict, HasSubstr("already in use"));
}

INSTANTIATE_TEST_SUITE_P(Engines, DockerEngineTest,
                         ::testing::Values(tests::EngineType::kDocker, tests::EngineType::kPodman),
                         ::testing::PrintToStringParamName());

/// Answers each connection with the same bytes, and closes it.
class FakeEngine {
 public:
  FakeEngine(const std::string& path, std::string answer) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_.get(), 8), 0);
    thread_ = std::thread([fd = fd_.get(), answer = std::move(answer)] {
      for (;;) {
        const UniqueFd peer(accept(fd, nullptr, nullptr));
        if (!peer) return;
        char head[4096];
        if (read(peer.get(), head, sizeof head) > 0) (void)send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    });
  }
  ~FakeEngine() {
    shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }

 private:
  UniqueFd fd_;
  std::thread thread_;
};

std::string Reply(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

TEST(DockerEngineFakeTest, TakesNoAnswerThatMakesNoSense) {
  const tests::TemporaryFolder folder;
  int number = 0;
  for (const std::string body : {"", "{", "[]", "{\"Version\": 7}", "\xff\xfe"}) {
    const std::string path = folder / ("s" + std::to_string(++number));
    const FakeEngine fake(path, Reply(body));
    EXPECT_ERROR(EngineName(path), Code::kCorrupt, HasSubstr("makes no sense"));
  }
}

TEST(DockerEngineFakeTest, TakesNoAnswerWithoutAnEnd) {
  const tests::TemporaryFolder folder;
  const FakeEngine fake(folder / "s", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Version\"");
  EXPECT_ERROR(EngineName(folder / "s"), Code::kUnavailable, AllOf(HasSubstr(folder / "s"), HasSubstr("broke off")));
}

TEST(DockerEngineFakeTest, TakesNoAnswerWithoutABound) {
  const tests::TemporaryFolder folder;
  const FakeEngine fake(folder / "s", Reply("{\"Version\": \"" + std::string(17 << 20, 'x') + "\"}"));
  EXPECT_ERROR(EngineName(folder / "s"), Code::kCorrupt, HasSubstr("larger than 16 MiB"));
}

TEST(DockerEngineFakeTest, SaysHowToGetAnEngine) {
  const tests::TemporaryFolder folder;
  EXPECT_ERROR(EngineName(folder / "s"), Code::kUnavailable,
               AllOf(HasSubstr(folder / "s"), HasSubstr("systemctl start docker")));
  EXPECT_ERROR(EngineName("/" + std::string(200, 'x')), Code::kInvalid, HasSubstr("path of 1 to 107 bytes"));
  { const FakeEngine gone(folder / "gone", ""); }
  EXPECT_ERROR(CheckEngineSocket(folder / "gone"), Code::kUnavailable, HasSubstr("no container engine answers"));
}

}  // namespace
}  // namespace motley::agent
