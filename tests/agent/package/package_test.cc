#include "agent/kinds/package.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "tests/agent/kinds/kind_test_base.h"
#include "tests/agent/package/debian_root.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Match = Observed::Match;
namespace fs = std::filesystem;

class PackageKindTest : public tests::KindTestBase {
 protected:
  PackageKindTest() {
    debian_.Offer({.name = "tiny", .version = "1.0", .content = "tiny 1"});
    debian_.Offer({.name = "app", .version = "1.0", .fields = "Depends: tiny\n", .content = "app 1"});
    debian_.AptGet({"update"});
  }
  PackageOptions Options() {
    PackageOptions options;
    options.root = debian_.root();
    options.apt = debian_.AptOptions();
    return options;
  }
  Instance Package(const std::string& name, const std::string& version) {
    auto instance = Make("thing");
    instance.component.mutable_package()->set_package(name);
    instance.component.mutable_package()->set_version(version);
    Seal(&instance);
    return instance;
  }
  Instance File(const tests::DebianRoot::Package& package) {
    auto instance = Package(package.name, "");
    *instance.component.mutable_package()->mutable_deb() =
        Artifact(package.name + ".deb", Text(debian_.Build(package)));
    Seal(&instance);
    return instance;
  }
  void Commit() {
    kind_->Commit();
    // The worker does one thing after another.
    Observe(*kind_, Package("app", "1.0"));
  }
  std::string StateOf(const std::string& name) { return folder_ / "state/packages/" + application_ + "/thing/" + name; }

  tests::DebianRoot debian_;
  std::unique_ptr<PackageKind> kind_ = std::make_unique<PackageKind>(*loop_, setup_, Options());
};

TEST_F(PackageKindTest, InstallsAPackageWithWhatItNeedsAndTakesAllAway) {
  const auto machine_before = fs::last_write_time("/var/lib/dpkg/status");
  const auto app = Package("app", "1.0");
  EXPECT_EQ(Observe(*kind_, app).match, Match::kMissing);
  EXPECT_GOOD(Check(*kind_, app));
  EXPECT_GOOD(Apply(*kind_, app));
  EXPECT_GOOD(Confirm(*kind_, app));
  EXPECT_EQ(debian_.Installed(), "app 1.0 installed, tiny 1.0 installed");
  EXPECT_EQ(debian_.Content("app"), "app 1");
  const auto observed = Observe(*kind_, app);
  EXPECT_EQ(observed.match, Match::kMatches);
  EXPECT_EQ(observed.state, v1::ReportedComponent::STATE_RUNNING);
  EXPECT_EQ(observed.detail, "app 1.0 is installed");
  Commit();
  EXPECT_GOOD(Remove(*kind_, app));
  EXPECT_EQ(debian_.Installed(), "");
  EXPECT_EQ(Observe(*kind_, app).match, Match::kMissing);
  EXPECT_GOOD(Apply(*kind_, app));
  EXPECT_EQ(debian_.Installed(), "app 1.0 installed, tiny 1.0 installed");
  EXPECT_GOOD(Remove(*kind_, app));
  Commit();
  EXPECT_FALSE(fs::exists(StateOf("record.pb")));
  EXPECT_EQ(fs::last_write_time("/var/lib/dpkg/status"), machine_before);
}

TEST_F(PackageKindTest, GoesBackToTheVersionBeforeAlsoWhenTheSourcesHaveItNoMore) {
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  Commit();
  // New packages come into the sources after the lists were fetched: it fetches them again by itself.
  debian_.Offer({.name = "tiny", .version = "2.0", .content = "tiny 2"});
  debian_.Offer({.name = "app", .version = "2.0", .fields = "Depends: tiny (>= 2.0)\n", .content = "app 2"});
  EXPECT_EQ(Observe(*kind_, Package("app", "2.0")).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, Package("app", "2.0")));
  EXPECT_EQ(debian_.Installed(), "app 2.0 installed, tiny 2.0 installed");
  debian_.Withdraw("app", "1.0");
  debian_.Withdraw("tiny", "1.0");
  debian_.AptGet({"update"});
  debian_.AptGet({"clean"});
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  EXPECT_EQ(debian_.Installed(), "app 1.0 installed, tiny 1.0 installed");
  EXPECT_EQ(debian_.Content("tiny"), "tiny 1");
  EXPECT_EQ(Observe(*kind_, Package("app", "1.0")).match, Match::kMatches);
  Commit();
  EXPECT_TRUE(fs::is_empty(StateOf("kept")));
}

TEST_F(PackageKindTest, PutsBackWhatWasThereBeforeTheComponentCame) {
  debian_.AptGet({"install", "tiny"});
  debian_.Offer({.name = "tiny", .version = "2.0", .content = "tiny 2"});
  debian_.AptGet({"update"});
  EXPECT_GOOD(Apply(*kind_, Package("tiny", "2.0")));
  Commit();
  EXPECT_EQ(debian_.Installed(), "tiny 2.0 installed");
  debian_.Withdraw("tiny", "1.0");
  EXPECT_GOOD(Remove(*kind_, Package("tiny", "2.0")));
  EXPECT_EQ(debian_.Installed(), "tiny 1.0 installed");
  EXPECT_EQ(Observe(*kind_, Package("tiny", "2.0")).match, Match::kMissing);
}

TEST_F(PackageKindTest, LeavesAPackageThatWasThereAsItIs) {
  debian_.AptGet({"install", "tiny"});
  EXPECT_EQ(Observe(*kind_, Package("tiny", "1.0")).match, Match::kMissing) << "it is not the component's";
  EXPECT_GOOD(Apply(*kind_, Package("tiny", "1.0")));
  EXPECT_EQ(Observe(*kind_, Package("tiny", "1.0")).match, Match::kMatches);
  Commit();
  EXPECT_GOOD(Remove(*kind_, Package("tiny", "1.0")));
  EXPECT_EQ(debian_.Installed(), "tiny 1.0 installed");
}

TEST_F(PackageKindTest, SaysBeforehandWhenThereWouldBeNoWayBack) {
  debian_.AptGet({"install", "tiny"});
  debian_.AptGet({"clean"});
  debian_.Withdraw("tiny", "1.0");
  debian_.Offer({.name = "tiny", .version = "2.0"});
  EXPECT_ERROR(Apply(*kind_, Package("tiny", "2.0")), Code::kConflict,
               AllOf(HasSubstr("tiny 1.0 is installed, and its file, without which this could not be undone"),
                     HasSubstr("put it there, or remove the package by hand first")));
  EXPECT_EQ(debian_.Installed(), "tiny 1.0 installed");
  EXPECT_FALSE(fs::exists(StateOf("record.pb")));
  EXPECT_EQ(Observe(*kind_, Package("tiny", "2.0")).match, Match::kMissing);
}

TEST_F(PackageKindTest, SaysWhenPackageFilesCanNotBeRead) {
  const auto file = File({.name = "own", .version = "1.0", .content = "one"});
  auto setup = setup_;
  setup.unpack = "/nowhere/motley-unpack";
  PackageKind missing(*loop_, setup, Options());
  const auto words = HasSubstr("package \"thing\": there is no program /nowhere/motley-unpack, which unpacks archives");
  EXPECT_ERROR(Check(missing, file), Code::kNotFound, words);
  EXPECT_ERROR(Apply(missing, file), Code::kNotFound, words);
  setup.unpack = folder_ / "killed";
  ASSERT_TRUE(WriteFileAtomically(setup.unpack, "#!/bin/sh\nkill -9 $$\n", 0755));
  PackageKind killed(*loop_, setup, Options());
  EXPECT_ERROR(Apply(killed, file), Code::kUnavailable, HasSubstr("motley-unpack was ended by signal 9"));
  EXPECT_EQ(debian_.Installed(), "");
  EXPECT_FALSE(fs::exists(StateOf("record.pb")));
  EXPECT_GOOD(Apply(*kind_, file));
}

TEST_F(PackageKindTest, InstallsPackageFilesAndTellsThemApartByTheirContent) {
  const auto one = File({.name = "own", .version = "1.0", .fields = "Depends: tiny\n", .content = "one"});
  const auto other = File({.name = "own", .version = "1.0", .content = "other"});
  EXPECT_GOOD(Check(*kind_, one));
  EXPECT_GOOD(Apply(*kind_, one));
  EXPECT_EQ(debian_.Installed(), "own 1.0 installed, tiny 1.0 installed");
  Commit();
  EXPECT_EQ(Observe(*kind_, other).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, other));
  EXPECT_EQ(debian_.Content("own"), "other");
  EXPECT_GOOD(Apply(*kind_, one));
  EXPECT_EQ(debian_.Content("own"), "one");
  const auto newer = File({.name = "own", .version = "2.0", .content = "newer"});
  EXPECT_GOOD(Apply(*kind_, newer));
  EXPECT_EQ(debian_.Content("own"), "newer");
  EXPECT_GOOD(Apply(*kind_, one));
  EXPECT_EQ(debian_.Content("own"), "one");
  EXPECT_GOOD(Remove(*kind_, one));
  EXPECT_EQ(debian_.Installed(), "");
}

TEST_F(PackageKindTest, TakesTheNewestOnceAndThenLeavesIt) {
  debian_.Offer({.name = "tiny", .version = "1.5"});
  const auto any = Package("tiny", "");
  EXPECT_GOOD(Apply(*kind_, any));
  EXPECT_EQ(debian_.Installed(), "tiny 1.5 installed");
  Commit();
  debian_.Offer({.name = "tiny", .version = "2.0"});
  EXPECT_GOOD(Apply(*kind_, any));
  EXPECT_EQ(debian_.Installed(), "tiny 1.5 installed");
  // And comes back to the one that it had.
  EXPECT_GOOD(Apply(*kind_, Package("tiny", "2.0")));
  EXPECT_GOOD(Apply(*kind_, any));
  EXPECT_EQ(debian_.Installed(), "tiny 1.5 installed");
}

TEST_F(PackageKindTest, FindsDriftAndHealsIt) {
  debian_.Offer({.name = "conf", .version = "1.0", .configuration = "a=1\n"});
  debian_.Offer({.name = "conf", .version = "2.0", .configuration = "a=1\n"});
  const auto conf = Package("conf", "1.0");
  struct Row {
    std::string drift;
    std::vector<std::string> change;
  };
  const Row rows[] = {
      {"conf is not installed any more, only its configuration files are left", {"remove", "conf"}},
      {"conf is not installed any more", {"purge", "conf"}},
      {"conf has version 2.0, not 1.0", {"install", "conf=2.0"}},
  };
  for (const auto& row : rows) {
    EXPECT_GOOD(Apply(*kind_, conf));
    Commit();
    ASSERT_EQ(Observe(*kind_, conf).match, Match::kMatches);
    debian_.AptGet(row.change);
    const auto observed = Observe(*kind_, conf);
    EXPECT_EQ(observed.match, Match::kDiffers);
    EXPECT_EQ(observed.detail, row.drift);
  }
  EXPECT_GOOD(Apply(*kind_, conf));
  EXPECT_EQ(debian_.Installed(), "conf 1.0 installed");
}

TEST_F(PackageKindTest, ComesBackFromAPackageThatCanNotBeConfigured) {
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  Commit();
  debian_.Offer({.name = "app", .version = "2.0", .fields = "Depends: tiny\n", .postinst = "exit 7"});
  EXPECT_ERROR(Apply(*kind_, Package("app", "2.0")), Code::kUnavailable,
               AllOf(HasSubstr("package \"thing\": apt-get: "), HasSubstr("exit status 7")));
  EXPECT_EQ(Observe(*kind_, Package("app", "2.0")).detail, "app 2.0 is half-configured");
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  EXPECT_EQ(debian_.Installed(), "app 1.0 installed, tiny 1.0 installed");
  EXPECT_GOOD(Remove(*kind_, Package("app", "1.0")));
  EXPECT_EQ(debian_.Installed(), "");
}

TEST_F(PackageKindTest, TakesAwayAFirstPackageThatCanNotBeConfigured) {
  debian_.Offer({.name = "odd", .version = "1.0", .fields = "Depends: tiny\n", .postinst = "exit 7"});
  EXPECT_ERROR(Apply(*kind_, Package("odd", "1.0")), Code::kUnavailable, HasSubstr("exit status 7"));
  EXPECT_GOOD(Remove(*kind_, Package("odd", "1.0")));
  EXPECT_EQ(debian_.Installed(), "");
}

TEST_F(PackageKindTest, NeverRemovesWhatIsNotItsOwn) {
  debian_.AptGet({"install", "tiny"});
  debian_.Offer({.name = "rival", .version = "1.0", .fields = "Conflicts: tiny\n"});
  EXPECT_ERROR(Apply(*kind_, Package("rival", "1.0")), Code::kConflict, HasSubstr("would remove tiny"));
  EXPECT_EQ(debian_.Installed(), "tiny 1.0 installed");
}

TEST_F(PackageKindTest, LeavesWhatOthersHaveComeToNeed) {
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  Commit();
  debian_.Offer({.name = "guest", .version = "1.0", .fields = "Depends: tiny\n"});
  debian_.AptGet({"update"});
  debian_.AptGet({"install", "guest"});
  EXPECT_GOOD(Remove(*kind_, Package("app", "1.0")));
  EXPECT_EQ(debian_.Installed(), "guest 1.0 installed, tiny 1.0 installed");
  Commit();
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  debian_.Offer({.name = "lodger", .version = "1.0", .fields = "Depends: app\n"});
  debian_.AptGet({"update"});
  debian_.AptGet({"install", "lodger"});
  EXPECT_ERROR(Remove(*kind_, Package("app", "1.0")), Code::kConflict,
               HasSubstr("app can not be taken away: lodger would go with it"));
}

TEST_F(PackageKindTest, LeavesThePackageOfAnotherComponent) {
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  auto second = Package("tiny", "1.0");
  second.component.set_name("second");
  EXPECT_GOOD(Apply(*kind_, second));
  Commit();
  EXPECT_GOOD(Remove(*kind_, Package("app", "1.0")));
  EXPECT_EQ(debian_.Installed(), "tiny 1.0 installed");
}

TEST_F(PackageKindTest, ExchangesOnePackageForAnother) {
  debian_.Offer({.name = "rival", .version = "1.0", .fields = "Conflicts: tiny\n"});
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  Commit();
  EXPECT_EQ(Observe(*kind_, Package("rival", "1.0")).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, Package("rival", "1.0")));
  EXPECT_EQ(debian_.Installed(), "rival 1.0 installed");
  debian_.Withdraw("rival", "1.0");
  EXPECT_GOOD(Apply(*kind_, Package("app", "1.0")));
  EXPECT_EQ(debian_.Installed(), "app 1.0 installed, tiny 1.0 installed");
}

TEST_F(PackageKindTest, ChecksBeforeAnythingIsTouched) {
  EXPECT_ERROR(Check(*kind_, Package("No-Such/Name", "")), Code::kInvalid, HasSubstr("is no name of a Debian package"));
  EXPECT_ERROR(Check(*kind_, Package("app", "-o=x")), Code::kInvalid, HasSubstr("is no version of a Debian package"));
  auto file = File({.name = "own", .version = "1.0"});
  file.component.mutable_package()->set_package("other");
  EXPECT_ERROR(Check(*kind_, file), Code::kInvalid,
               HasSubstr("\"own.deb\" is a file of the package \"own\", not of \"other\""));
  file.component.mutable_package()->set_package("own");
  file.component.mutable_package()->set_version("9.0");
  EXPECT_ERROR(Check(*kind_, file), Code::kInvalid, HasSubstr("has version 1.0, not 9.0"));
  *file.component.mutable_package()->mutable_deb() = Artifact("x.deb", "nothing of the kind");
  EXPECT_ERROR(Check(*kind_, file), Code::kCorrupt, HasSubstr("is no Debian package"));
  auto far = Package("app", "");
  far.host.set_name("sensor");
  far.host.mutable_ssh();
  EXPECT_ERROR(Check(*kind_, far), Code::kInvalid, HasSubstr("not on host \"sensor\""));
}

TEST_F(PackageKindTest, SaysWhatTheSourcesDoNotHave) {
  EXPECT_ERROR(Apply(*kind_, Package("app", "9.0")), Code::kNotFound,
               HasSubstr("Version '9.0' for 'app' was not found"));
  EXPECT_ERROR(Apply(*kind_, Package("nowhere", "")), Code::kNotFound, HasSubstr("Unable to locate package nowhere"));
  EXPECT_EQ(debian_.Installed(), "");
}

TEST_F(PackageKindTest, WaitsForWhoeverHoldsTheLockAndSaysSo) {
  const int fd = open((debian_.root() + "/var/lib/dpkg/lock-frontend").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  ASSERT_EQ(fcntl(fd, F_SETLK, &lock), 0);
  auto options = Options();
  options.lock_wait = std::chrono::milliseconds(300);
  PackageKind hasty(*loop_, setup_, options);
  EXPECT_ERROR(Apply(hasty, Package("app", "1.0")), Code::kUnavailable, HasSubstr("somebody else is installing"));
  std::optional<Result<void>> patient;
  kind_->Apply(Package("app", "1.0"), [&](Result<void> result) { patient = std::move(result); });
  EXPECT_FALSE(tests::RunUntil(
      *loop_, [&] { return patient.has_value(); }, std::chrono::milliseconds(500)));
  close(fd);
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return patient.has_value(); }));
  EXPECT_TRUE(*patient) << patient->error().message;
}

// The agent is killed at many points of an upgrade; the next one gets to either end.
TEST_F(PackageKindTest, GetsToEitherEndWhereverTheAgentWasKilled) {
  const auto before = Package("app", "1.0");
  const auto after = Package("app", "2.0");
  EXPECT_GOOD(Apply(*kind_, before));
  Commit();
  debian_.Offer({.name = "tiny", .version = "2.0", .postinst = "sleep 0.02"});
  debian_.Offer({.name = "app", .version = "2.0", .fields = "Depends: tiny (>= 2.0)\n", .postinst = "sleep 0.02"});
  debian_.AptGet({"update"});
  for (int round = 0; round < 10; ++round) {
    kind_.reset();
    const pid_t agent = fork();
    if (agent == 0) {
      const auto loop = EventLoop::Create();
      PackageKind kind(*loop, setup_, Options());
      kind.Apply(after, [](Result<void>) { _exit(0); });
      loop->Run();
      _exit(1);
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(35 * round);
    while (std::chrono::steady_clock::now() < until) {
    }
    kill(agent, SIGKILL);
    ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
    kind_ = std::make_unique<PackageKind>(*loop_, setup_, Options());
    if (round % 2 == 0) {
      EXPECT_GOOD(Apply(*kind_, after));
      EXPECT_EQ(debian_.Installed(), "app 2.0 installed, tiny 2.0 installed");
    }
    EXPECT_GOOD(Apply(*kind_, before));
    EXPECT_EQ(debian_.Installed(), "app 1.0 installed, tiny 1.0 installed") << "round " << round;
    EXPECT_EQ(Observe(*kind_, before).match, Match::kMatches);
    Commit();
  }
}

}  // namespace
}  // namespace motley::agent
