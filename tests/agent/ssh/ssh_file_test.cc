#include <sys/stat.h>

#include "agent/kinds/ssh_shell.h"
#include "tests/agent/ssh/ssh_kind_test_base.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Match = Observed::Match;

class SshFileTest : public tests::SshKindTestBase {
 protected:
  Instance Owned(const std::string& owner, const std::string& group) {
    auto instance = File(path_, "a=1\n");
    instance.component.mutable_file()->set_mode(04755);
    instance.component.mutable_file()->set_owner(owner);
    instance.component.mutable_file()->set_group(group);
    Seal(&instance);
    return instance;
  }

  const std::string path_ = folder_ / "etc/some folder/it's $HOME.conf";
};

TEST_P(SshFileTest, PutsAFileInPlaceAndTakesItAway) {
  const auto instance = File(path_, "speed='9600'\n$(id)\n");
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_EQ(Observe(instance).match, Match::kMissing);
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  EXPECT_EQ(Text(path_), "speed='9600'\n$(id)\n");
  EXPECT_EQ(ModeOf(path_), 0644u);
  EXPECT_EQ(ModeOf(fs::path(path_).parent_path()), 0755u);
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
  EXPECT_GOOD(Remove(instance));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_GOOD(Remove(instance));
  EXPECT_EQ(Observe(instance).match, Match::kMissing);
  Commit();
  EXPECT_THAT(ArtifactsThere(), ElementsAre());
}

TEST_P(SshFileTest, GivesBackWhatWasThereBefore) {
  const std::string path = folder_ / "motd";
  ASSERT_TRUE(WriteFileAtomically(path, "welcome", 0640));
  ASSERT_EQ(chown(path.c_str(), 1, 2), 0);
  EXPECT_GOOD(Apply(File(path, "one")));
  EXPECT_GOOD(Apply(File(path, "two")));
  Commit();
  NewKind();
  EXPECT_EQ(Text(path), "two");
  EXPECT_GOOD(Remove(File(path, "two")));
  EXPECT_EQ(Text(path), "welcome");
  EXPECT_EQ(ModeOf(path), 0640u);
  EXPECT_EQ(OwnerOf(path), std::pair(1u, 2u));
}

TEST_P(SshFileTest, FindsAndHealsDrift) {
  auto instance = File(path_, "good");
  instance.component.mutable_file()->set_mode(0600);
  Seal(&instance);
  EXPECT_GOOD(Apply(instance));
  ASSERT_TRUE(WriteFileAtomically(path_, "bad", 0600));
  EXPECT_EQ(Observe(instance).match, Match::kDiffers);
  EXPECT_THAT(Observe(instance).detail, HasSubstr("content was changed"));
  EXPECT_ERROR(Confirm(instance), Code::kConflict, HasSubstr("content was changed"));
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(Text(path_), "good");
  chmod(path_.c_str(), 0666);
  EXPECT_THAT(Observe(instance).detail, HasSubstr("mode is not 0600"));
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(ModeOf(path_), 0600u);
  fs::remove(path_);
  EXPECT_EQ(Observe(instance).match, Match::kDiffers);
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
}

TEST_P(SshFileTest, GivesTheFileToItsOwnerAndHealsThat) {
  const auto owned = Owned("daemon", "tty");
  EXPECT_GOOD(kind_->Check(owned));
  EXPECT_GOOD(Apply(owned));
  EXPECT_EQ(OwnerOf(path_), std::pair(1u, 5u));
  EXPECT_EQ(ModeOf(path_), 04755u);
  EXPECT_EQ(Observe(owned).match, Match::kMatches);
  ASSERT_EQ(chown(path_.c_str(), 0, 5), 0);
  ASSERT_EQ(chmod(path_.c_str(), 04755), 0);
  EXPECT_EQ(Observe(owned).match, Match::kDiffers);
  EXPECT_EQ(Observe(owned).detail, "it belongs to user 0, not daemon");
  EXPECT_GOOD(Apply(owned));
  EXPECT_EQ(OwnerOf(path_), std::pair(1u, 5u));
  EXPECT_GOOD(Apply(Owned("", "54322")));
  EXPECT_EQ(OwnerOf(path_), std::pair(0u, 54322u));
  const auto anybodys = Owned("", "");
  EXPECT_EQ(Observe(anybodys).match, Match::kDiffers);
  EXPECT_GOOD(Apply(anybodys));
  EXPECT_EQ(OwnerOf(path_), std::pair(0u, 0u));
}

TEST_P(SshFileTest, NamesAnOwnerThatIsNotThere) {
  EXPECT_ERROR(Apply(Owned("nobody-of-that-name", "")), Code::kNotFound,
               HasSubstr("no user \"nobody-of-that-name\" is on this host; make it, or give its number"));
  EXPECT_ERROR(Apply(Owned("", "no-such-group")), Code::kNotFound, HasSubstr("no group \"no-such-group\""));
  EXPECT_ERROR(kind_->Check(Owned("a b", "")), Code::kInvalid, HasSubstr("owner or group \"a b\""));
  EXPECT_FALSE(fs::exists(path_));
}

TEST_P(SshFileTest, MovesToAnotherPath) {
  const std::string first = folder_ / "first";
  ASSERT_TRUE(WriteFileAtomically(first, "original", 0644));
  EXPECT_GOOD(Apply(File(first, "ours")));
  EXPECT_GOOD(Apply(File(folder_ / "second", "ours")));
  EXPECT_EQ(Text(first), "original");
  EXPECT_EQ(Text(folder_ / "second"), "ours");
}

TEST_P(SshFileTest, ReplacesNothingButPlainFiles) {
  ASSERT_TRUE(MakeFolder(path_));
  EXPECT_ERROR(Apply(File(path_, "x")), Code::kConflict, HasSubstr("only plain files are replaced"));
  fs::create_symlink("/etc/passwd", folder_ / "link");
  EXPECT_ERROR(Apply(File(folder_ / "link", "x")), Code::kConflict, HasSubstr("choose another path"));
}

TEST_P(SshFileTest, LeavesTheFileOfAnotherComponentAlone) {
  EXPECT_GOOD(Apply(File(path_, "mine")));
  auto other = File(path_, "yours");
  other.component.set_name("other");
  Seal(&other);
  EXPECT_ERROR(Apply(other), Code::kConflict, HasSubstr(application_ + "/settings; choose another path"));
  EXPECT_EQ(Text(path_), "mine");
}

TEST_P(SshFileTest, SendsALargeArtifactOnce) {
  std::string bytes;
  for (unsigned i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(i * 7919 >> 5);
  auto instance = Remote("settings");
  instance.component.mutable_file()->set_path(path_);
  *instance.component.mutable_file()->mutable_artifact() = Artifact("map.bin", bytes);
  Seal(&instance);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(Text(path_), bytes);
  Commit();
  EXPECT_THAT(ArtifactsThere(), ElementsAre());
  // The old version is kept there until the commit, so that going back sends nothing.
  EXPECT_GOOD(Apply(File(path_, "small")));
  EXPECT_THAT(ArtifactsThere(), ::testing::Contains(Sha256(bytes)));
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(Text(path_), bytes);
}

TEST_P(SshFileTest, TakesThePlaceOfAProcessOfTheSameName) {
  const auto process = Process("exec sleep 1000");
  EXPECT_GOOD(Apply(process));
  auto file = File(path_, "x");
  file.component.set_name("sensor");
  Seal(&file);
  EXPECT_EQ(Observe(file).match, Match::kDiffers);
  EXPECT_THAT(Observe(file).detail, HasSubstr("a process is there in its place"));
  EXPECT_GOOD(Apply(file));
  EXPECT_THAT(Processes(), ElementsAre());
  EXPECT_EQ(Observe(file).match, Match::kMatches);
  EXPECT_GOOD(Apply(process));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_GOOD(Confirm(process));
}

TEST_P(SshFileTest, RefusesPathsThatAreNotPlain) {
  for (const std::string path : {"relative", "/etc/../passwd", "/etc//passwd", "/etc/", "/a\nb", ""}) {
    EXPECT_ERROR(kind_->Check(File(path, "x")), Code::kInvalid, HasSubstr("not absolute and plain"));
  }
}

TEST(SshFile, OfAnotherOwnerIsForRootOnly) {
  const tests::TemporaryFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0777), 0);
  const std::string script = "gateway=gw\n" + std::string(kRemoteLibrary) + "about app settings\napply_file '" +
                             (folder / "etc/app.conf") + "' digest 0644 0 daemon ''\n";
  const tests::Finished refused =
      tests::RunProgram({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh", "-c", script},
                        {{"HOME", folder.path()}});
  EXPECT_EQ(refused.exit_code, 90);
  EXPECT_THAT(refused.output,
              HasSubstr("!denied only root can give " + (folder / "etc/app.conf") + " to daemon, and here is "));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

INSTANTIATE_TEST_SUITE_P(Userlands, SshFileTest,
                         ::testing::Values(tests::SshServer::Userland::kDebian, tests::SshServer::Userland::kBusybox),
                         tests::UserlandName);

}  // namespace
}  // namespace motley::agent
