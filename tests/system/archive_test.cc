#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>

#include "common/files/files.h"
#include "tests/support/broker.h"
#include "tests/support/program.h"
#include "tests/system/fleet.h"

namespace motley::tests {
namespace {

namespace fs = std::filesystem;

class ArchiveSystemTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(MakeFolder(fs::path(folder_ / name).parent_path().string()));
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, content, 0644));
  }
  /// A version whose archive holds one file.
  void Push(const std::string& version, const std::string& archive) {
    const std::string release =
        "application: site\nversion: " + version + "\nartifacts:\n  site: {file: " + archive +
        "}\ntemplate:\n  components:\n    site: {kind: archive, archive: site, path: " + folder_ / "srv/site" +
        "}\nvariants:\n  - name: all\n";
    const auto pushed = controller_.Push(release, folder_.path());
    ASSERT_TRUE(pushed) << pushed.error().message;
    controller_.Roll("site", version);
  }
  void Pack(const std::string& name, const std::string& content) {
    Write("in/index.html", content);
    const auto packed = RunProgram({"tar", "--zstd", "-C", folder_ / "in", "-cf", folder_ / name, "index.html"});
    ASSERT_EQ(packed.exit_code, 0) << packed.output;
  }
  std::string Page() {
    const auto text = ReadFile(folder_ / "srv/site/index.html", 1000);
    return text ? *text : "(none)";
  }
  std::string FailureOf(std::uint64_t earlier_revision) {
    std::string reason;
    EXPECT_TRUE(WaitForGateway(controller_, "gw", [&](const v1::Gateway& gateway) {
      const auto& deployment = gateway.reported().deployment();
      reason = deployment.reason();
      return deployment.revision() > earlier_revision && deployment.state() == v1::Deployment::STATE_FAILED;
    }));
    return reason;
  }
  std::uint64_t Revision() { return controller_.Gateway("gw").reported().deployment().revision(); }

  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
  TestAgent agent_{{.controller_url = controller_.url(), .token = controller_.AddGateway("gw")}};
};

TEST_F(ArchiveSystemTest, UnpacksWhatIsPushedAndKeepsItWhenTheNextOneIsBad) {
  agent_.Start();
  // A plan is over the gateways that are known when it is made.
  ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const v1::Gateway& gateway) { return gateway.online(); }));
  Pack("one.tar.zst", "one");
  Push("1.0.0", "one.tar.zst");
  ASSERT_TRUE(WaitForVersion(controller_, "gw", "1.0.0"));
  EXPECT_EQ(Page(), "one");
  Pack("two.tar.zst", "two");
  Push("1.1.0", "two.tar.zst");
  ASSERT_TRUE(WaitForVersion(controller_, "gw", "1.1.0"));
  EXPECT_EQ(Page(), "two");
  const auto good = Revision();
  Write("bad.tar.zst", "no archive at all");
  Push("1.2.0", "bad.tar.zst");
  EXPECT_NE(FailureOf(good).find("archive \"site\": \"bad.tar.zst\": "), std::string::npos) << FailureOf(good);
  EXPECT_EQ(Page(), "two");
  EXPECT_TRUE(agent_.Running());
}

}  // namespace
}  // namespace motley::tests
