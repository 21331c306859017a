#include "common/release/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/release/named_version.h"
#include "common/release/release.h"

namespace motley {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kDigest[] = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

constexpr char kTemplate[] = R"(name: blink
version: 1.0.0
parameters:
  greeting: hello
  period:
    type: integer
    example: 5
  image: {default: slow, one_of: [slow, fast]}
artifacts:
  fast: {file: fw/fast.hex}
  slow: {digest: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", size_bytes: 3}
template:
  hosts:
    board: {mcu: uno}
  components:
    greeter: {kind: process, command: [sh, -c, "${greeting} ${period} ${application} ${version} ${variant}"]}
    blink: {kind: firmware, host: board, image: "${image}", version: "${version}"}
)";

constexpr char kVariant[] = R"(name: uno-fast
version: 1.2.0
template: blink@1.0.0
when: memory_mb >= 512
prefer: 10
parameters:
  period: 1
  image: fast
)";

std::string With(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

v1::Template Stored(const std::string& text = kTemplate) {
  v1::ArtifactRef fast;
  fast.set_digest("sha256:" + std::string(64, 'a'));
  fast.set_size_bytes(7);
  fast.set_name("fast.hex");
  return CompleteTemplate(ParseTemplateFile("t.yaml", text).value(), {{"fast", fast}});
}

motley::Library LibraryOf() {
  const v1::Template stored = Stored();
  return {.templates = {{"blink@1.0.0", stored}},
          .variants = {{"uno-fast@1.2.0", CompleteVariantFile("v.yaml", kVariant, stored).value()}}};
}

TEST(TemplateFile, DeclaresItsParametersAndSaysWhichArtifactsItWants) {
  const auto draft = ParseTemplateFile("t.yaml", kTemplate).value();
  ASSERT_EQ(draft.files.size(), 1u);
  EXPECT_EQ(draft.files[0].file, "fw/fast.hex");
  EXPECT_EQ(draft.files[0].line, 10);
  ASSERT_EQ(draft.content.parameters_size(), 3);
  EXPECT_EQ(draft.content.parameters(0).value(), "hello");
  EXPECT_FALSE(draft.content.parameters(0).mandatory());
  EXPECT_THAT(draft.content.parameters(1).one_of(), ElementsAre("slow", "fast"));
  EXPECT_TRUE(draft.content.parameters(2).mandatory());
  EXPECT_EQ(draft.content.parameters(2).type(), v1::TemplateParameter::TYPE_INTEGER);
  const v1::Template stored = Stored();
  EXPECT_EQ(stored.artifacts().at("slow").digest(), kDigest);
  EXPECT_EQ(ValidateTemplate(stored).value().SerializeAsString().size(), stored.SerializeAsString().size());
}

struct Refusal {
  const char* from;
  const char* to;
  const char* error;
};

class TemplateRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(TemplateRefusals, NameFileAndLine) {
  const auto draft = ParseTemplateFile("t.yaml", With(kTemplate, GetParam().from, GetParam().to));
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().code, Code::kInvalid);
  EXPECT_THAT(draft.error().message, StartsWith(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Of, TemplateRefusals,
    testing::Values(
        Refusal{"name: blink\n", "", "t.yaml:1: name is missing"},
        Refusal{"name: blink", "name: Blink", "t.yaml:1: name: \"Blink\" is not a name"},
        Refusal{"version: 1.0.0", "version: one", "t.yaml:2: version: \"one\" is not a semantic version"},
        Refusal{"  greeting: hello", "  greetin: hello",
                "t.yaml:16: component \"greeter\" of kind process: command: parameter "
                "\"greeting\" has no value here (did you mean \"greetin\"?)"},
        Refusal{"${greeting} ", "", "t.yaml:4: parameter \"greeting\" is not used in the template"},
        Refusal{"greeting: hello", "version: 1", "t.yaml:4: parameters: \"version\" has its value from the release"},
        Refusal{"greeting: hello", "secret.x: 1", "t.yaml:4: parameters: \"secret.x\": secrets have their values"},
        Refusal{"example: 5", "example: soon",
                "t.yaml:5: example: parameter \"period\": \"soon\" is not a whole number"},
        Refusal{"example: 5", "description: x", "t.yaml:5: parameter \"period\" has no default and no example"},
        Refusal{"example: 5", "example: 5\n    default: 5",
                "t.yaml:5: parameter \"period\" has a default and an example"},
        Refusal{"type: integer", "type: int", "t.yaml:6: parameter \"period\": type: \"int\" is not text, integer"},
        Refusal{"type: integer", "typ: integer", "t.yaml:6: parameter \"period\": unknown key \"typ\" (did you mean"},
        Refusal{"default: slow", "default: slwo",
                "t.yaml:8: default: parameter \"image\": \"slwo\" is not slow or fast"},
        Refusal{"mcu: uno", "mcu: ''", "t.yaml:14: host \"board\""},
        Refusal{"  slow: {digest", "  solw: {digest", "t.yaml:17: component \"blink\" wants artifact \"slow\""},
        Refusal{"template:", "tempalte:", "t.yaml:12: template file: unknown key \"tempalte\" (did you mean"}));

class VariantRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(VariantRefusals, NameFileAndLine) {
  const auto variant = CompleteVariantFile("v.yaml", With(kVariant, GetParam().from, GetParam().to), Stored());
  ASSERT_FALSE(variant);
  EXPECT_EQ(variant.error().code, Code::kInvalid);
  EXPECT_THAT(variant.error().message, StartsWith(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Of, VariantRefusals,
    testing::Values(
        Refusal{"name: uno-fast", "name: Uno", "v.yaml:1: variant \"Uno\": name is missing or no name"},
        Refusal{"version: 1.2.0\n", "", "v.yaml:1: variant \"uno-fast\": version is missing"},
        Refusal{"version: 1.2.0", "version: 1.2", "v.yaml:2: version: \"1.2\" is not a semantic version"},
        Refusal{"template: blink@1.0.0\n", "",
                "v.yaml:1: variant \"uno-fast\": template is missing; name a stored one"},
        Refusal{"blink@1.0.0", "blink", "v.yaml:3: template: \"blink\" has no version; write NAME@VERSION"},
        Refusal{"blink@1.0.0", "{name: blink}", "v.yaml:3: template: name a stored one"},
        Refusal{"blink@1.0.0", "blink@1.0.1", "v.yaml:3: template: is blink@1.0.1, and blink@1.0.0 was given"},
        Refusal{">= 512", ">= \"x\"", "v.yaml:4: when: "}, Refusal{"memory_mb", "memroy_mb", "v.yaml:4: when: "},
        Refusal{"period: 1", "perod: 1",
                "v.yaml:7: variant \"uno-fast\": template blink@1.0.0 has no parameter \"perod\" "
                "(did you mean \"period\"?)"},
        Refusal{"period: 1", "period: soon",
                "v.yaml:7: variant \"uno-fast\": template blink@1.0.0: parameter \"period\": "
                "\"soon\" is not a whole number"},
        Refusal{"  period: 1\n", "", "v.yaml:1: variant \"uno-fast\": parameter \"period\" has no value"},
        Refusal{"image: fast", "image: fats",
                "v.yaml:8: variant \"uno-fast\": template blink@1.0.0: parameter \"image\""},
        Refusal{"prefer: 10", "without: [blnik]",
                "v.yaml:5: variant \"uno-fast\": without names \"blnik\", which is not "
                "in template blink@1.0.0 (did you mean \"blink\"?)"},
        Refusal{"prefer: 10", "without: [board]", "template blink@1.0.0:17: component \"blink\""},
        Refusal{"prefer: 10", "prefers: 10", "v.yaml:5: variant file: unknown key \"prefers\" (did you mean"}));

TEST(VariantFile, GivesTheModelOfItsTemplateFilledIn) {
  const v1::TemplateVariant variant = CompleteVariantFile("v.yaml", kVariant, Stored()).value();
  EXPECT_EQ(variant.model().components(0).process().command(2), "hello 1 blink 1.2.0 uno-fast");
  EXPECT_EQ(variant.model().components(1).firmware().image().digest(), "sha256:" + std::string(64, 'a'));
  v1::TemplateVariant other = variant;
  other.set_version("1.3.0");
  EXPECT_THAT(ValidateVariant(other, Stored()).error().message, HasSubstr("is not what the source says, \"1.2.0\""));
}

TEST(Template, IsRefusedIfWhatWasPushedWithItIsNotWhatItsSourceSays) {
  v1::Template pushed = Stored();
  pushed.set_name("other");
  EXPECT_THAT(ValidateTemplate(pushed).error().message, HasSubstr("is not what the source says, \"blink\""));
  pushed = Stored();
  pushed.mutable_artifacts()->erase("fast");
  EXPECT_THAT(ValidateTemplate(pushed).error().message, HasSubstr("artifact \"fast\" has no digest"));
  pushed = Stored();
  (*pushed.mutable_artifacts())["more"] = pushed.artifacts().at("slow");
  EXPECT_THAT(ValidateTemplate(pushed).error().message, HasSubstr("the source has no artifact \"more\""));
}

TEST(ReleaseFile, UsesStoredVariantsUnderNamesOfItsOwn) {
  const std::string text =
      "application: shop\nversion: 3.0.0\nvariants:\n  - use: uno-fast@1.2.0\n"
      "  - {use: uno-fast@1.2.0, name: second, prefer: 1, when: cpus > 1}\n";
  const LibraryEntries entries = EntriesOfRelease("r.yaml", text).value();
  ASSERT_EQ(entries.variants.size(), 2u);
  EXPECT_EQ(entries.variants[1].line, 5);
  const auto draft = ParseReleaseFile("r.yaml", text, LibraryOf()).value();
  const v1::Release release = CompleteRelease(draft, {}).value();
  ASSERT_EQ(release.variants_size(), 2);
  EXPECT_EQ(release.variants(0).from_variant(), "uno-fast@1.2.0");
  EXPECT_EQ(release.variants(0).from_template(), "blink@1.0.0");
  EXPECT_EQ(release.variants(0).when(), "memory_mb >= 512");
  EXPECT_EQ(release.variants(0).model().components(0).process().command(2), "hello 1 shop 3.0.0 uno-fast");
  EXPECT_EQ(release.variants(1).name(), "second");
  EXPECT_EQ(release.variants(1).when(), "cpus > 1");
  EXPECT_EQ(release.variants(1).prefer(), 1);
  ASSERT_EQ(release.artifacts_size(), 1);
  EXPECT_EQ(release.artifacts(0).size_bytes(), 7u);
}

constexpr char kOfTemplate[] =
    "application: shop\nversion: 3.0.0\ntemplate: blink@1.0.0\nparameters: {period: 9}\n"
    "variants:\n  - {name: a, parameters: {greeting: hi}}\n  - {name: b, without: [blink, board]}\n";

TEST(ReleaseFile, FillsInAStoredTemplate) {
  const auto draft = ParseReleaseFile("r.yaml", kOfTemplate, LibraryOf()).value();
  const v1::Release release = CompleteRelease(draft, {}).value();
  EXPECT_EQ(release.variants(0).model().components(0).process().command(2), "hi 9 shop 3.0.0 a");
  EXPECT_EQ(release.variants(0).from_template(), "blink@1.0.0");
  EXPECT_EQ(release.variants(0).from_variant(), "");
  EXPECT_EQ(release.variants(0).model().components(1).firmware().image().digest(), kDigest);
  EXPECT_EQ(release.variants(1).model().components_size(), 1);
}

TEST(ReleaseFile, PutsArtifactsOfItsOwnInThePlaceOfThoseOfATemplate) {
  const auto draft =
      ParseReleaseFile("r.yaml", std::string(kOfTemplate) + "artifacts: {slow: {file: new.hex}}\n", LibraryOf())
          .value();
  v1::ArtifactRef mine;
  mine.set_digest("sha256:" + std::string(64, 'b'));
  const v1::Release release = CompleteRelease(draft, {{"slow", mine}}).value();
  EXPECT_EQ(release.variants(0).model().components(1).firmware().image().digest(), mine.digest());
  EXPECT_EQ(release.variants(0).model().components(1).firmware().image().name(), "new.hex");
}

TEST(ReleaseFile, SaysWhatIsWrongWithWhatItUses) {
  const auto refusal = [](const std::string& text) {
    return ParseReleaseFile("r.yaml", "application: a\nversion: 1.0.0\n" + text, LibraryOf()).error().message;
  };
  EXPECT_THAT(refusal("variants: [{use: uno-fast@9.0.0}]"),
              StartsWith("r.yaml:3: variant uno-fast@9.0.0 is kept by a controller, which is not asked here"));
  EXPECT_THAT(refusal("variants: [{use: uno-fast}]"), StartsWith("r.yaml:3: variant: \"uno-fast\" has no version"));
  EXPECT_THAT(refusal("variants: [{use: uno-fast@1.2.0, parameters: {period: 1}}]"),
              StartsWith("r.yaml:3: parameters: those of variant uno-fast@1.2.0 are fixed; push another version"));
  EXPECT_THAT(refusal("variants: [{use: uno-fast@1.2.0}, {use: uno-fast@1.2.0}]"),
              StartsWith("r.yaml:3: variant \"uno-fast\" is there twice"));
  EXPECT_THAT(refusal("variants: [{use: uno-fast@1.2.0}, {name: b}]"),
              StartsWith("r.yaml:3: variant \"b\" needs a template"));
  EXPECT_THAT(refusal("template: blink@1.0.0\nvariants: [{use: uno-fast@1.2.0}]"),
              StartsWith("r.yaml:3: template: no variant here uses it"));
  EXPECT_THAT(refusal("parameters: {period: 1}\nvariants: [{use: uno-fast@1.2.0}]"),
              StartsWith("r.yaml:3: parameters: no variant here uses them"));
  EXPECT_THAT(refusal("template: blink@1.0.0\nvariants:\n  - name: b"),
              StartsWith("r.yaml:5: variant \"b\": parameter \"period\" has no value"));
  EXPECT_THAT(refusal("template: blink@1.0.0\nparameters:\n  perod: 1\nvariants: [{name: b}]"),
              AllOf(StartsWith("r.yaml:5: variant \"b\""), HasSubstr("(did you mean \"period\"?)")));
}

TEST(NamedVersion, IsANameAndAVersion) {
  EXPECT_EQ(ParseNamedVersion("a@1.0.0-rc.1").value().version, "1.0.0-rc.1");
  for (const char* text : {"", "a", "@1.0.0", "a@", "a@1", "A@1.0.0", "a@1.0.0@2.0.0", "../a@1.0.0"}) {
    EXPECT_EQ(ParseNamedVersion(text).error().code, Code::kInvalid) << text;
  }
}

}  // namespace
}  // namespace motley
