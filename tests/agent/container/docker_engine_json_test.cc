#include "agent/kinds/docker_engine_json.h"

#include <gmock/gmock.h>

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DockerEngineJson, SplitsReferencesOfImages) {
  const auto split = [](const std::string& reference) {
    const auto name = SplitReference(reference);
    return name.name + "|" + name.tag;
  };
  EXPECT_EQ(split("nginx"), "nginx|latest");
  EXPECT_EQ(split("docker.io/library/nginx:1.25"), "docker.io/library/nginx|1.25");
  EXPECT_EQ(split("localhost:5000/nginx"), "localhost:5000/nginx|latest");
  EXPECT_EQ(split("localhost:5000/nginx:2"), "localhost:5000/nginx|2");
  EXPECT_EQ(split("nginx@sha256:12"), "nginx@sha256:12|");
}

TEST(DockerEngineJson, TellsTheEngines) {
  EXPECT_EQ(ParseVersion(R"({"Version": "20.10.24+dfsg1", "Components": [{"Name": "Engine"}]})")->Name(),
            "docker 20.10.24");
  EXPECT_EQ(ParseVersion(R"({"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}]})")->Name(), "podman 4.3.1");
  EXPECT_EQ(ParseVersion(R"({"Version": "27.0"})")->Name(), "docker 27.0");
}

TEST(DockerEngineJson, ReadsAProgressInPieces) {
  ProgressReader progress;
  const std::string text =
      "{\"status\":\"Loading\"}\r\n\n{\"stream\":\"Loaded image: a:1\\n\"}\n"
      "{\"stream\":\"Loaded image ID: sha256:12\\n\"}\n{\"stream\":\"Loaded image: b:1,c:2\"}";
  for (const char c : text) ASSERT_TRUE(progress.Add(std::string(1, c)));
  ASSERT_TRUE(progress.Finish());
  EXPECT_THAT(progress.loaded(), ElementsAre("a:1", "sha256:12", "b:1", "c:2"));
}

TEST(DockerEngineJson, FindsTheErrorInAProgress) {
  ProgressReader progress;
  const auto added = progress.Add("{\"status\":\"Pulling\"}\n{\"error\":\"no such host\"}\n");
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("no such host"));
  ProgressReader unfinished;
  ASSERT_TRUE(unfinished.Add("{\"error\":\"cut\"}"));
  EXPECT_FALSE(unfinished.Finish());
  ProgressReader odd;
  EXPECT_FALSE(odd.Add("<html>\n"));
  ProgressReader endless;
  EXPECT_FALSE(endless.Add(std::string(300'000, 'x')));
}

TEST(DockerEngineJson, ReadsLogsInFrames) {
  using std::string_literals::operator""s;
  EXPECT_THAT(ParseLogLines("\2\0\0\0\0\0\0\4err\n\1\0\0\0\0\0\0\3hi\n"s), ElementsAre("err", "hi"));
  // A line may come in several frames, and the last frame may be cut.
  EXPECT_THAT(ParseLogLines("\1\0\0\0\0\0\0\2ab\1\0\0\0\0\0\0\2c\n\1\0\0\0\0\0\7\7de"s), ElementsAre("abc", "de"));
  EXPECT_THAT(ParseLogLines("plain\r\ntext\x1b[0m\n"), ElementsAre("plain", "text?[0m"));
  EXPECT_THAT(ParseLogLines(""), IsEmpty());
  EXPECT_THAT(ParseLogLines("\1\0\0\0\0\0\0\2\xff\n"s), ElementsAre("\xef\xbf\xbd"));
}

constexpr const char* kContainer = R"({"Id": "12", "Name": "/web", "Image": "sha256:34",
  "State": {"Status": "running", "Pid": 7, "StartedAt": "2026-11-24T14:11:17.024130282+02:00",
            "Health": {"Status": "", "Log": null}}, "Config": {"Labels": {"a": "b"}}, "RestartCount": 2})";

TEST(DockerEngineJson, ReadsAContainer) {
  const auto container = ParseContainer(kContainer);
  ASSERT_TRUE(container) << container.error().message;
  EXPECT_EQ(container->name, "web");
  EXPECT_EQ(container->status, ContainerDetails::Status::kRunning);
  EXPECT_EQ(container->labels.at("a"), "b");
  EXPECT_EQ(container->restarts, 2u);
  ASSERT_TRUE(container->started);
  EXPECT_EQ(std::chrono::system_clock::to_time_t(*container->started), 1795522277);
  // Podman's way of saying that there is no check.
  EXPECT_FALSE(container->health);
}

TEST(DockerEngineJson, WantsAllThatMatters) {
  for (const std::string missing : {"Id", "Name", "Image", "Status"}) {
    std::string text = kContainer;
    text.replace(text.find("\"" + missing + "\""), missing.size() + 2, "\"x\"");
    const auto container = ParseContainer(text);
    ASSERT_FALSE(container) << missing;
    EXPECT_EQ(container.error().code, Code::kCorrupt);
    EXPECT_THAT(container.error().message, HasSubstr(missing));
  }
}

TEST(DockerEngineJson, KnowsWhenAHealthCheckMustHaveItsVerdict) {
  const auto container = ParseContainer(R"({"Id": "1", "Name": "n", "Image": "i", "State": {"Status": "running",
    "Health": {"Status": "unhealthy", "Log": [{"Output": "old"}, {"Output": "refused\n"}]}},
    "Config": {"Healthcheck": {"Interval": 2000000000, "Timeout": 1000000000, "Retries": 4, "StartPeriod": 5000000000}}})");
  ASSERT_TRUE(container && container->health);
  EXPECT_EQ(container->health->status, ContainerHealth::Status::kUnhealthy);
  EXPECT_EQ(container->health->output, "refused");
  EXPECT_EQ(container->health->verdict_after, std::chrono::seconds(17));
}

TEST(DockerEngineJson, GivesErrorsTheirCodes) {
  EXPECT_EQ(ErrorOfAnswer(404, R"({"message": "no such"})").code, Code::kNotFound);
  EXPECT_EQ(ErrorOfAnswer(409, R"({"message": "taken"})").code, Code::kConflict);
  EXPECT_EQ(ErrorOfAnswer(500, R"({"message": "x: that name is already in use"})").code, Code::kConflict);
  EXPECT_EQ(ErrorOfAnswer(500, "<html>").code, Code::kUnavailable);
  EXPECT_EQ(ErrorOfAnswer(400, R"({"message": "bad"})").message, "the container engine says: bad");
  EXPECT_THAT(ErrorOfAnswer(502, "").message, HasSubstr("status 502"));
}

}  // namespace
}  // namespace motley::agent
