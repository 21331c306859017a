#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Templates : public testing::Test {
 protected:
  v1::Template Template(const std::string& version) {
    v1::Template pushed;
    pushed.set_name("greeting");
    pushed.set_version(version);
    pushed.set_source("name: greeting\nversion: " + version +
                      "\nparameters: {pace: {type: integer, example: 1}}\nartifacts: {greeter: {file: x}}\n"
                      "template: {components: {greeter: {kind: process, artifact: greeter, command: ['${pace}']}}}\n");
    (*pushed.mutable_artifacts())["greeter"] = core_.AddArtifact("program", "x");
    return pushed;
  }
  static v1::TemplateVariant Variant(const std::string& version, const std::string& pace = "7") {
    v1::TemplateVariant pushed;
    pushed.set_name("slow");
    pushed.set_version(version);
    pushed.set_source("name: slow\nversion: " + version +
                      "\ntemplate: greeting@1.0.0\nwhen: cpus > 1\nparameters: {pace: " + pace + "}\n");
    return pushed;
  }
  /// A release that says that it is made of `variant`.
  v1::Release Release(const std::string& version, const v1::TemplateVariant& variant) {
    v1::Release release;
    release.set_application("hello");
    release.set_version(version);
    *release.add_artifacts() = core_.AddArtifact("program", "x");
    v1::Variant& made = *release.add_variants();
    made.set_name("slow");
    made.set_from_template("greeting@1.0.0");
    made.set_from_variant("slow@" + variant.version());
    *made.mutable_model() = variant.model();
    return release;
  }

  Core core_;
};

TEST_F(Templates, AreKeptWithWhatTheirSourcesSayNewestFirst) {
  const auto stored = core_.catalog->PushTemplate(Template("1.0.0")).value();
  EXPECT_TRUE(stored.has_created_at());
  EXPECT_EQ(stored.parameters(0).name(), "pace");
  core_.catalog->PushTemplate(Template("0.9.0")).value();
  const auto variant = core_.catalog->PushVariant(Variant("1.0.0")).value();
  EXPECT_EQ(variant.when(), "cpus > 1");
  EXPECT_THAT(variant.model().components(0).process().command(), ElementsAre("7"));
  core_.Restart();
  const auto list = core_.catalog->Templates().value();
  ASSERT_EQ(list.templates_size(), 2);
  EXPECT_EQ(list.templates(0).version(), "0.9.0");
  EXPECT_EQ(list.templates(0).source(), "");
  EXPECT_EQ(core_.catalog->Template("greeting", "1.0.0").value().source(), Template("1.0.0").source());
  const auto variants = core_.catalog->Variants().value();
  ASSERT_EQ(variants.variants_size(), 1);
  EXPECT_FALSE(variants.variants(0).has_model());
  EXPECT_TRUE(core_.catalog->Variant("slow", "1.0.0").value().has_model());
}

TEST_F(Templates, NeverChange) {
  const auto first = core_.catalog->PushTemplate(Template("1.0.0")).value();
  core_.loop.Advance(std::chrono::seconds(5));
  EXPECT_EQ(core_.catalog->PushTemplate(Template("1.0.0")).value().created_at().seconds(),
            first.created_at().seconds());
  auto other = Template("1.0.0");
  other.set_source(other.source() + "description: more\n");
  auto refused = core_.catalog->PushTemplate(other);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(refused.error().message,
            "template greeting@1.0.0 exists with other content: line 6 is \"\" there and \"description: more\" here; "
            "choose another version");

  core_.catalog->PushVariant(Variant("1.0.0")).value();
  EXPECT_TRUE(core_.catalog->PushVariant(Variant("1.0.0")));
  EXPECT_EQ(core_.catalog->PushVariant(Variant("1.0.0", "8")).error().code, Code::kConflict);
}

TEST_F(Templates, AreCheckedAgainWhoeverPushesThem) {
  auto broken = Template("1.0.0");
  (*broken.mutable_artifacts())["greeter"].set_digest(Sha256("never pushed"));
  EXPECT_EQ(core_.catalog->PushTemplate(broken).error().code, Code::kNotFound);
  broken = Template("1.0.0");
  broken.set_name("../greeting");
  EXPECT_EQ(core_.catalog->PushTemplate(broken).error().code, Code::kInvalid);
  broken = Template("1.0.0");
  broken.set_source(std::string(2 << 20, ' '));
  EXPECT_THAT(core_.catalog->PushTemplate(broken).error().message, HasSubstr("over the limit of 1 MiB"));

  EXPECT_THAT(core_.catalog->PushVariant(Variant("1.0.0")).error().message,
              HasSubstr("there is no template greeting@1.0.0"));
  core_.catalog->PushTemplate(Template("1.0.0")).value();
  EXPECT_THAT(core_.catalog->PushVariant(Variant("1.0.0", "soon")).error().message,
              StartsWith("variant slow@1.0.0:5: variant \"slow\": template greeting@1.0.0: parameter \"pace\""));
  EXPECT_THAT(core_.catalog->Template("greetnig", "1.0.0").error().message, HasSubstr("did you mean \"greeting\"?"));
  EXPECT_THAT(core_.catalog->Template("greeting", "2.0.0").error().message, HasSubstr("of greeting there is 1.0.0"));
}

TEST_F(Templates, KnowTheReleasesThatUseThem) {
  core_.catalog->PushTemplate(Template("1.0.0")).value();
  const auto variant = core_.catalog->PushVariant(Variant("1.0.0")).value();
  core_.catalog->PushRelease(Release("1.0.0", variant)).value();
  core_.catalog->PushRelease(Release("1.1.0", variant)).value();
  EXPECT_THAT(core_.catalog->Variant("slow", "1.0.0").value().releases(), ElementsAre("hello 1.1.0", "hello 1.0.0"));
  EXPECT_THAT(core_.catalog->Templates().value().templates(0).releases(), ElementsAre("hello 1.1.0", "hello 1.0.0"));
}

TEST_F(Templates, AreWhatAReleaseIsMadeOfThatSaysSo) {
  core_.catalog->PushTemplate(Template("1.0.0")).value();
  auto variant = core_.catalog->PushVariant(Variant("1.0.0")).value();
  variant.mutable_model()->mutable_components(0)->mutable_process()->set_command(0, "8");
  const auto refused = core_.catalog->PushRelease(Release("1.0.0", variant));
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("has another model than slow@1.0.0 makes"));
  variant.set_version("3.0.0");
  EXPECT_EQ(core_.catalog->PushRelease(Release("1.0.0", variant)).error().code, Code::kNotFound);
}

TEST_F(Templates, AreDeletedWhenNothingIsMadeOfThem) {
  core_.catalog->PushTemplate(Template("1.0.0")).value();
  const auto variant = core_.catalog->PushVariant(Variant("1.0.0")).value();
  core_.catalog->PushRelease(Release("1.0.0", variant)).value();
  EXPECT_EQ(core_.catalog->DeleteVariant("slow", "1.0.0").error().message,
            "variant slow@1.0.0 can not be deleted: releases use it (hello 1.0.0); delete them first, with `motley "
            "release delete`");
  EXPECT_EQ(core_.catalog->DeleteTemplate("greeting", "1.0.0").error().message,
            "template greeting@1.0.0 can not be deleted: variants are made of it (slow@1.0.0); delete them first, with "
            "`motley variant delete`");
  core_.catalog->DeleteRelease("hello", "1.0.0").value();
  core_.catalog->DeleteVariant("slow", "1.0.0").value();
  core_.catalog->DeleteTemplate("greeting", "1.0.0").value();
  core_.Restart();
  EXPECT_EQ(core_.catalog->DeleteVariant("slow", "1.0.0").error().code, Code::kNotFound);
  EXPECT_EQ(core_.catalog->DeleteTemplate("greeting", "1.0.0").error().code, Code::kNotFound);
}

TEST_F(Templates, KeepTheirNamesAndVersionsForTheSameContent) {
  core_.catalog->PushTemplate(Template("1.0.0")).value();
  core_.catalog->PushVariant(Variant("1.0.0")).value();
  core_.catalog->DeleteVariant("slow", "1.0.0").value();
  EXPECT_EQ(core_.catalog->PushVariant(Variant("1.0.0", "8")).error().message,
            "variant slow@1.0.0 was deleted, and had other content; choose another version");
  core_.loop.Advance(std::chrono::seconds(5));
  core_.catalog->PushVariant(Variant("1.0.0")).value();
  core_.catalog->DeleteVariant("slow", "1.0.0").value();
  core_.catalog->DeleteTemplate("greeting", "1.0.0").value();
  v1::Template other = Template("1.0.0");
  other.set_source(other.source() + "# another\n");
  EXPECT_EQ(core_.catalog->PushTemplate(other).error().code, Code::kConflict);
  core_.catalog->PushTemplate(Template("1.0.0")).value();
}

TEST_F(Templates, KeepTheirArtifacts) {
  const v1::Template pushed = Template("1.0.0");
  core_.catalog->PushTemplate(pushed).value();
  std::string after;
  EXPECT_TRUE(core_.store->releases().UnusedArtifacts(INT64_MAX, 10, &after).value().empty());
  core_.catalog->DeleteTemplate("greeting", "1.0.0").value();
  after.clear();
  EXPECT_EQ(core_.store->releases().UnusedArtifacts(INT64_MAX, 10, &after).value().size(), 1u);
}

}  // namespace
}  // namespace motley::tests
