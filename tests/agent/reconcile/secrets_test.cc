#include "agent/reconcile/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "motley/v1/model.pb.h"

namespace motley::agent {
namespace {

TEST(FillInSecrets, ReplacesThemInEveryStringButKeysOfMaps) {
  v1::Component component;
  component.mutable_process()->add_command("--user=a");
  component.mutable_process()->add_command("--password=${secret.p}, twice ${secret.p}");
  (*component.mutable_process()->mutable_environment())["${secret.p}"] = "${secret.p}";
  component.mutable_health()->mutable_http()->set_url("http://x/${secret.p}");
  ASSERT_TRUE(FillInSecrets({{"p", "w$o{r}d"}}, component).has_value());
  EXPECT_EQ(component.process().command(1), "--password=w$o{r}d, twice w$o{r}d");
  EXPECT_EQ(component.process().environment().at("${secret.p}"), "w$o{r}d");
  EXPECT_EQ(component.health().http().url(), "http://x/w$o{r}d");
}

TEST(FillInSecrets, KeepsTheJsonOfAPluginWhateverTheValue) {
  v1::Component component;
  component.mutable_plugin()->set_config(R"({"password":"${secret.p}"})");
  ASSERT_TRUE(FillInSecrets({{"p", "a\"b\\c\n"}}, component).has_value());
  EXPECT_EQ(component.plugin().config(), R"({"password":"a\"b\\c\u000a"})");
}

TEST(FillInSecrets, SaysWhichOneIsNotThere) {
  v1::Component component;
  component.mutable_file()->set_content("${secret.none}");
  const auto filled = FillInSecrets({}, component);
  ASSERT_FALSE(filled.has_value());
  EXPECT_EQ(filled.error().code, Code::kNotFound);
  EXPECT_THAT(filled.error().message, testing::HasSubstr("motley secret set none"));
}

}  // namespace
}  // namespace motley::agent
