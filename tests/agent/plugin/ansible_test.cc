#include "tests/agent/plugin/plugin_test_base.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Match = Observed::Match;
namespace fs = std::filesystem;

constexpr const char* kPlaybook = R"(
- hosts: localhost
  gather_facts: false
  tasks:
    - name: write the settings
      copy:
        dest: "{{ target }}/settings"
        content: "{{ text }} on {{ motley.gateway }}\n"
        mode: "0600"
    - name: refuse
      fail:
        msg: the wrong colour
      when: text == "red"
)";
constexpr const char* kRemovePlaybook = R"(
- hosts: localhost
  gather_facts: false
  tasks:
    - name: take the settings away
      file: {path: "{{ target }}/settings", state: absent}
)";

/// The plugin as it ships, with the real ansible-playbook.
class AnsiblePluginTest : public tests::PluginTestBase {
 protected:
  AnsiblePluginTest() {
    fs::copy_file(MOTLEY_SOURCE_DIR "/deploy/plugins/ansible", plugins_ + "/ansible");
    EXPECT_TRUE(MakeFolder(target_));
    Rescan();
  }
  Instance Playbook(const std::string& text) {
    auto instance =
        Plugin("ansible", R"({"playbook": "site.yml", "remove_playbook": "gone.yml", "extra_vars": {"target": ")" +
                              target_ + R"(", "text": ")" + text + R"("}})");
    *instance.component.mutable_plugin()->add_artifacts() = Artifact("site.yml", kPlaybook);
    *instance.component.mutable_plugin()->add_artifacts() = Artifact("gone.yml", kRemovePlaybook);
    Seal(&instance);
    return instance;
  }

  std::string target_ = folder_ / "etc";
};

TEST_F(AnsiblePluginTest, AppliesAPlaybookFindsDriftAndTakesItBack) {
  ASSERT_THAT(kind_->Names(), ElementsAre("plugin:ansible"));
  const auto blue = Playbook("blue");
  EXPECT_GOOD(kind_->Check(blue));
  EXPECT_EQ(Observe(*kind_, blue).match, Match::kMissing);
  EXPECT_GOOD(Apply(*kind_, blue));
  EXPECT_GOOD(Confirm(*kind_, blue));
  EXPECT_EQ(Text(target_ + "/settings"), "blue on gw-7\n");
  const auto observed = Observe(*kind_, blue);
  EXPECT_EQ(observed.match, Match::kMatches) << observed.detail;
  EXPECT_EQ(observed.detail, "every task is as it should be");
  // A confirmation ends the time for which what was seen counts.
  EXPECT_GOOD(Confirm(*kind_, blue));
  ASSERT_TRUE(WriteFileAtomically(target_ + "/settings", "by hand\n", 0600));
  const auto drifted = Observe(*kind_, blue);
  EXPECT_EQ(drifted.match, Match::kDiffers);
  EXPECT_EQ(drifted.detail, "these tasks would change something: write the settings");
  EXPECT_EQ(Text(target_ + "/settings"), "by hand\n") << "looking changes nothing";
  EXPECT_GOOD(Remove(*kind_, blue));
  EXPECT_FALSE(fs::exists(target_ + "/settings"));
  EXPECT_EQ(Observe(*kind_, blue).match, Match::kMissing);
  for (const auto& entry : fs::directory_iterator(StateOf(blue))) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("run-"))) << "the variables may be secrets";
  }
}

TEST_F(AnsiblePluginTest, SaysWhichTaskFailedAndWhy) {
  EXPECT_ERROR(Apply(*kind_, Playbook("red")), Code::kConflict,
               HasSubstr("plugin \"ansible\": apply: task \"refuse\" failed: the wrong colour"));
  auto broken = Playbook("blue");
  *broken.component.mutable_plugin()->mutable_artifacts(0) = Artifact("site.yml", "- hosts: [");
  EXPECT_ERROR(Apply(*kind_, broken), Code::kConflict, HasSubstr("ansible-playbook ended with exit code"));
}

TEST_F(AnsiblePluginTest, SaysWhatItsConfigMisses) {
  auto nameless = Playbook("blue");
  nameless.component.mutable_plugin()->set_config("{}");
  EXPECT_ERROR(Apply(*kind_, nameless), Code::kConflict,
               HasSubstr("config.playbook is to name one of the artifacts: gone.yml, site.yml"));
  EXPECT_ERROR(kind_->Check(Plugin("ansible", R"({"playbok": "x"})")), Code::kInvalid,
               HasSubstr("config.playbok: is not known"));
}

}  // namespace
}  // namespace motley::agent
