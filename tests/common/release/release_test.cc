#include "common/release/release.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/digest.h"

namespace motley {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kWhole[] = R"(application: blinky
version: 1.0.0
description: Blinks and greets.
artifacts:
  greeter: {file: bin/greeter}
  fast: {file: fw/blink-fast.hex}
  slow: {file: fw/blink-slow.hex}
parameters:
  greeting: hello
  period: 5
  image: slow
template:
  hosts:
    board: {mcu: uno}
  components:
    greeter:
      kind: process
      artifact: greeter
      command: [--every, "${period}"]
      environment: {GREETING: "${greeting} from ${variant}"}
      restart: on-failure
    settings:
      kind: file
      path: /etc/blinky.conf
      content: "version=${version}\n"
      mode: "0600"
    blink:
      kind: firmware
      host: board
      image: ${image}
      version: ${version}
      depends_on: [greeter]
variants:
  - name: uno-fast
    when: '"uno" in boards'
    prefer: 10
    parameters: {period: 1, image: fast}
  - name: uno-slow
    when: '"uno" in boards && memory_mb < 512'
    prefer: 20
  - name: plain
    without: [blink, board]
)";

std::map<std::string, v1::ArtifactRef> Refs(const ReleaseDraft& draft) {
  std::map<std::string, v1::ArtifactRef> refs;
  for (const LocalArtifact& file : draft.files) {
    refs[file.name].set_digest(Sha256(file.file));
    refs[file.name].set_size_bytes(file.file.size());
  }
  return refs;
}

std::string With(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ReleaseFile, BecomesAReleaseWithEachVariantRendered) {
  const auto draft = ParseReleaseFile("blinky.yaml", kWhole);
  ASSERT_TRUE(draft.has_value()) << draft.error().message;
  ASSERT_EQ(draft->files.size(), 3u);
  const auto release = CompleteRelease(*draft, Refs(*draft));
  ASSERT_TRUE(release.has_value()) << release.error().message;
  EXPECT_EQ(release->application(), "blinky");
  EXPECT_EQ(release->artifacts_size(), 3);
  ASSERT_EQ(release->variants_size(), 3);

  const v1::Variant& fast = release->variants(0);
  EXPECT_EQ(fast.prefer(), 10);
  ASSERT_EQ(fast.model().components_size(), 3);
  const v1::ProcessSpec& process = fast.model().components(0).process();
  EXPECT_EQ(process.command(1), "1");
  EXPECT_EQ(process.environment().at("GREETING"), "hello from uno-fast");
  EXPECT_EQ(process.artifact().name(), "greeter");
  EXPECT_EQ(process.restart(), v1::ProcessSpec::RESTART_ON_FAILURE);
  EXPECT_EQ(fast.model().components(1).file().mode(), 0600u);
  EXPECT_EQ(fast.model().components(2).firmware().image().name(), "blink-fast.hex");
  EXPECT_EQ(fast.model().components(2).firmware().version(), "1.0.0");

  EXPECT_EQ(release->variants(1).model().components(2).firmware().image().name(), "blink-slow.hex");
  EXPECT_EQ(release->variants(2).model().components_size(), 2);
  EXPECT_EQ(release->variants(2).model().hosts_size(), 0);
}

TEST(ReleaseFile, NamesArtifactsOfTheCatalogueByDigest) {
  const std::string text = With(kWhole, "{file: bin/greeter}", "{digest: \"" + Sha256("x") + "\", size_bytes: 1}");
  const auto draft = ParseReleaseFile("f", text);
  ASSERT_TRUE(draft.has_value()) << draft.error().message;
  EXPECT_EQ(draft->known.at("greeter").digest(), Sha256("x"));
}

struct Fault {
  const char* from;
  const char* to;
  const char* message;
};
class FaultyReleaseFile : public testing::TestWithParam<Fault> {};

TEST_P(FaultyReleaseFile, IsToldTheLineAndTheWayOut) {
  const auto draft = ParseReleaseFile("blinky.yaml", With(kWhole, GetParam().from, GetParam().to));
  ASSERT_FALSE(draft.has_value());
  EXPECT_EQ(draft.error().code, Code::kInvalid);
  EXPECT_THAT(draft.error().message, HasSubstr(GetParam().message));
  EXPECT_THAT(draft.error().message, HasSubstr("blinky.yaml:"));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultyReleaseFile,
    testing::Values(
        Fault{"description:", "descripton:",
              "blinky.yaml:3: release: unknown key \"descripton\" (did you mean \"description\"?)"},
        Fault{"version: 1.0.0", "version: 1.0", "blinky.yaml:2: version: \"1.0\" is not a semantic version"},
        Fault{"application: blinky", "application: Blinky", "blinky.yaml:1: application: \"Blinky\" is not a name"},
        Fault{"application: blinky\n", "", "application is missing"},
        Fault{"description: Blinks and greets.", "version: 2.0.0",
              "blinky.yaml:3: release: \"version\" is there twice"},
        Fault{"memory_mb < 512", "memroy_mb < 512", "unknown attribute \"memroy_mb\" (did you mean \"memory_mb\"?)"},
        Fault{"memory_mb < 512", "memory_mb < \"512\"", "memory_mb is a number, \"512\" is a string"},
        Fault{"kind: process", "kind: proces", "blinky.yaml:17: component \"greeter\": unknown kind \"proces\""},
        Fault{"restart: on-failure", "restart: sometimes", "\"sometimes\" is not always, on-failure or never"},
        Fault{"restart: on-failure", "restrat: always", "unknown key \"restrat\" (did you mean \"restart\"?)"},
        Fault{"mode: \"0600\"", "mode: \"0900\"", "is not an octal number up to 7777"},
        Fault{"${greeting} from", "${greting} from",
              "parameter \"greting\" has no value here (did you mean \"greeting\"?)"},
        Fault{"greeting: hello\n", "greeting: hello\n  other: 1\n", "parameter \"other\" is not used"},
        Fault{"  slow: {file: fw/blink-slow.hex}\n", "", "wants artifact \"slow\", which is not under artifacts"},
        Fault{"  slow: {", "  spare: {file: x}\n  slow: {", "blinky.yaml:7: artifact \"spare\" is not used"},
        Fault{"{file: bin/greeter}", "{}", "artifact \"greeter\" needs file: PATH"},
        Fault{"{file: bin/greeter}", "{digest: \"sha256:12\"}", "artifact \"greeter\" needs file: PATH"},
        Fault{"host: board", "host: bord", "on host \"bord\", which is not in the model"},
        Fault{"depends_on: [greeter]", "depends_on: [blink]", "wait for one another: blink"},
        Fault{"prefer: 10", "prefer: lots", "prefer: \"lots\" is not a whole number"},
        Fault{"name: uno-slow", "name: uno-fast", "variant \"uno-fast\" is there twice"},
        Fault{"without: [blink, board]", "without: [blnk]", "without names \"blnk\""},
        Fault{"parameters: {period: 1, image: fast}", "parameters: [1]", "parameters: expected keys and values"},
        Fault{"mcu: uno}", "mcu: uno", "blinky.yaml:"},
        Fault{"period: 5", "version: 5", "has its value from the release"},
        Fault{"content: \"version", "content: \"x\"\n      artifact: greeter\n      mode: \"version", "keep one"}));

TEST(ReleaseFile, MustBeAMapOfModestSize) {
  EXPECT_THAT(ParseReleaseFile("f", "").error().message, StartsWith("f:1: expected keys and values"));
  EXPECT_THAT(ParseReleaseFile("f", "- a").error().message, StartsWith("f:1: expected keys and values"));
  EXPECT_THAT(ParseReleaseFile("f", std::string(2 << 20, ' ')).error().message, HasSubstr("over the limit of 1 MiB"));
}

v1::Release Complete() {
  const auto draft = ParseReleaseFile("f", kWhole);
  return *CompleteRelease(*draft, Refs(*draft));
}

TEST(Release, IsValidatedWhoeverMadeIt) {
  EXPECT_TRUE(ValidateRelease(Complete()).has_value());
  v1::Release release = Complete();
  release.clear_artifacts();
  EXPECT_THAT(ValidateRelease(release).error().message, HasSubstr("is not among the artifacts of the release"));
  release = Complete();
  release.mutable_variants(0)->set_when("x");
  EXPECT_THAT(ValidateRelease(release).error().message,
              HasSubstr("release blinky 1.0.0: variant \"uno-fast\": when: unknown attribute \"x\""));
  release = Complete();
  release.clear_variants();
  EXPECT_THAT(ValidateRelease(release).error().message, HasSubstr("has no variant"));
  release = Complete();
  release.mutable_artifacts(0)->set_size_bytes(7777);
  EXPECT_THAT(ValidateRelease(release).error().message, HasSubstr("7777"));
}

}  // namespace
}  // namespace motley
