// Templates and variants from their files to an approved plan: the real tool, controller and broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "tests/support/broker.h"
#include "tests/system/fleet.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kTemplate[] = R"(name: greeting
version: 1.0.0
description: Greets at a pace.
parameters:
  greeting: hello
  period: {type: integer, default: 5, description: Seconds between greetings.}
  size: {example: big, one_of: [big, small]}
artifacts:
  big: {file: greeter-big}
  small: {file: greeter-small}
template:
  components:
    greeter:
      kind: process
      artifact: ${size}
      command: [--every, "${period}"]
      environment: {GREETING: "${greeting} from ${application} ${version}"}
)";

constexpr char kBig[] = R"(name: greeter-big
version: 1.0.0
template: greeting@1.0.0
when: memory_mb >= 1024
prefer: 10
parameters: {size: big, period: 1}
)";

constexpr char kSmall[] = R"(name: greeter-small
version: 1.0.0
template: greeting@1.0.0
parameters: {size: small}
)";

constexpr char kRelease[] = R"(application: hello
version: 2.0.0
variants:
  - use: greeter-big@1.0.0
  - {use: greeter-small@1.0.0, name: rest, prefer: 1}
)";

class Library : public testing::Test {
 protected:
  Library() {
    Write("greeter-big", "big program");
    Write("greeter-small", "small program");
    Write("template.yaml", kTemplate);
    Write("big.yaml", kBig);
    Write("small.yaml", kSmall);
    Write("release.yaml", kRelease);
  }

  void Write(const std::string& name, const std::string& text) {
    WriteFileAtomically(folder_ / name, text, 0644).value();
  }
  std::string File(const std::string& name) const { return folder_ / name; }

  Finished Motley(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {Built("motley"), "--state", controller_.folder()});
    return RunProgram(arguments);
  }
  void Done(std::vector<std::string> arguments) {
    const Finished done = Motley(std::move(arguments));
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }
  void PushAll() {
    Done({"template", "push", File("template.yaml")});
    Done({"variant", "push", File("big.yaml")});
    Done({"variant", "push", File("small.yaml")});
  }
  void AddGateway(const std::string& id, std::uint64_t memory_mb) {
    const std::string request = R"({"token": ")" + controller_.AddGateway(id) + R"(", "credential_digest": ")" +
                                Sha256("secret of " + id) + R"(", "context": {"memory_mb": )" +
                                std::to_string(memory_mb) + "}}";
    const auto enrolled = controller_.Call("POST", "/v1/enrol", request);
    ASSERT_TRUE(enrolled) << enrolled.error().message;
  }

  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
};

TEST_F(Library, TakesAReleaseOfStoredVariantsToAnApprovedPlan) {
  AddGateway("large", 4096);
  AddGateway("little", 256);
  PushAll();
  const Finished pushed = Motley({"release", "push", File("release.yaml"), "--approve"});
  ASSERT_EQ(pushed.exit_code, 0) << pushed.output;
  EXPECT_THAT(pushed.output,
              AllOf(HasSubstr("large"), HasSubstr("greeter-big"), HasSubstr("little"), HasSubstr("rest")));

  const std::string release = Motley({"release", "show", "hello", "2.0.0", "--json"}).output;
  EXPECT_THAT(release, AllOf(HasSubstr(R"("from_variant": "greeter-small@1.0.0")"), HasSubstr("hello from hello 2.0.0"),
                             HasSubstr(R"("from_template": "greeting@1.0.0")"), HasSubstr(Sha256("small program"))));
  EXPECT_THAT(Motley({"release", "show", "hello", "2.0.0"}).output, HasSubstr("greeter-big@1.0.0"));
  EXPECT_THAT(Motley({"template", "list"}).output, AllOf(HasSubstr("greeting@1.0.0"), HasSubstr("hello 2.0.0")));
  EXPECT_THAT(Motley({"variant", "list"}).output,
              AllOf(HasSubstr("greeter-big@1.0.0"), HasSubstr("memory_mb >= 1024"), HasSubstr("hello 2.0.0")));

  // All of it is still there after a restart, and the same again is fine.
  controller_.Kill();
  controller_.Start();
  PushAll();
  Done({"release", "push", File("release.yaml")});
}

TEST_F(Library, RendersWhatIsStoredAndWhatIsInAFile) {
  PushAll();
  const Finished rendered = Motley({"variant", "render", "greeter-big@1.0.0"});
  EXPECT_EQ(rendered.exit_code, 0);
  EXPECT_THAT(rendered.output, AllOf(HasSubstr("hello from greeting 1.0.0"), HasSubstr(Sha256("big program"))));
  Write("model.yaml", rendered.output);
  Done({"model", "validate", File("model.yaml")});

  EXPECT_THAT(Motley({"template", "render", "greeting@1.0.0", "--set", "size=small", "--set", "greeting=hi", "--set",
                      "application=shop"})
                  .output,
              AllOf(HasSubstr("hi from shop 1.0.0"), HasSubstr(Sha256("small program"))));
  EXPECT_THAT(Motley({"template", "render", File("template.yaml"), "--set", "size=big"}).output,
              HasSubstr(Sha256("big program")));

  const auto refusal = [&](const std::string& value) {
    const Finished refused = Motley({"template", "render", "greeting@1.0.0", "--set", value});
    EXPECT_EQ(refused.exit_code, 2);
    return refused.output;
  };
  EXPECT_THAT(refusal("greeting=hi"), HasSubstr("parameter \"size\" has no value, and template greeting@1.0.0 has no "
                                                "default for it"));
  EXPECT_THAT(refusal("perod=1"), HasSubstr("has no parameter \"perod\" (did you mean \"period\"?)"));
  EXPECT_THAT(refusal("period=soon"), HasSubstr("\"soon\" is not a whole number"));
  EXPECT_THAT(refusal("size=huge"), HasSubstr("\"huge\" is not big or small"));
  EXPECT_THAT(refusal("size"), HasSubstr("write KEY=VALUE"));
}

TEST_F(Library, SaysWhatDiffersBetweenTwoVersions) {
  PushAll();
  std::string text = kBig;
  text.replace(text.find("period: 1"), 9, "period: 2").replace(text.find("1.0.0"), 5, "1.1.0");
  text.replace(text.find("prefer: 10"), 10, "prefer: 20");
  Write("next.yaml", text);
  const Finished variants = Motley({"variant", "diff", "greeter-big@1.0.0", File("next.yaml")});
  EXPECT_EQ(variants.exit_code, 0);
  EXPECT_THAT(variants.output, AllOf(HasSubstr("prefer"), HasSubstr("20"), HasSubstr("parameter \"period\""),
                                     HasSubstr("greeter"), Not(HasSubstr("when"))));
  EXPECT_THAT(Motley({"variant", "diff", "greeter-big@1.0.0", File("next.yaml"), "--json"}).output,
              AllOf(HasSubstr("\"changes\""), HasSubstr("\"steps\"")));

  // Only its version is another: nothing that a deployment would see.
  text = kTemplate;
  Write("template.yaml", text.replace(text.find("1.0.0"), 5, "1.1.0"));
  EXPECT_THAT(Motley({"template", "diff", "greeting@1.0.0", File("template.yaml"), "--json"}).output,
              AllOf(HasSubstr("\"changes\": []"), HasSubstr("\"steps\": []")));
}

TEST_F(Library, RefusesOtherContentUnderTheSameVersionAndSaysWhatDiffers) {
  PushAll();
  std::string text = kTemplate;
  Write("template.yaml", text.replace(text.find("greeting: hello"), 15, "greeting: hi   "));
  Finished refused = Motley({"template", "push", File("template.yaml")});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.output,
              AllOf(HasSubstr("template greeting@1.0.0 exists with other content: line 5 is \"  greeting: "
                              "hello\" there and \"  greeting: hi   \" here"),
                    HasSubstr("choose another version")));

  Write("template.yaml", kTemplate);
  Write("greeter-big", "another program");
  refused = Motley({"template", "push", File("template.yaml")});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("artifact \"big\" is " + Sha256("big program") + " there"),
                                    HasSubstr(Sha256("another program") + " here")));
}

TEST_F(Library, NamesFileAndLineOfWhatIsNotStoredAndWhatThereIsInstead) {
  PushAll();
  Write("release.yaml", "application: a\nversion: 1.0.0\nvariants:\n  - use: greeter-bgi@1.0.0\n");
  Finished refused = Motley({"release", "push", File("release.yaml")});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("release.yaml:4: "), HasSubstr("there is no variant greeter-bgi@1.0.0"),
                                    HasSubstr("did you mean \"greeter-big\"?")));
  refused = Motley({"variant", "show", "greeter-big@3.0.0"});
  EXPECT_THAT(refused.output, HasSubstr("there is no variant greeter-big@3.0.0; of greeter-big there is 1.0.0"));
  EXPECT_THAT(Motley({"variant", "show", "greeter-big"}).output, HasSubstr("write NAME@VERSION"));

  std::string text = kBig;
  Write("big.yaml", text.replace(text.find("period"), 6, "perdio"));
  EXPECT_THAT(Motley({"variant", "push", File("big.yaml")}).output,
              AllOf(HasSubstr("big.yaml:6: variant \"greeter-big\""), HasSubstr("did you mean \"period\"?")));
}

}  // namespace
}  // namespace motley::tests
