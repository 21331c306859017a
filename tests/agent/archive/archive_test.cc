#include "agent/kinds/archive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>

#include "tests/agent/archive/tar_writer.h"
#include "tests/agent/kinds/kind_test_base.h"
#include "tests/agent/supervise/small_disk.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Match = Observed::Match;
using tests::TarEntry;
namespace fs = std::filesystem;

class ArchiveKindTest : public tests::KindTestBase {
 protected:
  Instance Archive(const std::string& path, const std::vector<TarEntry>& entries) {
    tests::WriteTar(folder_ / "packed.tar", entries);
    auto instance = Make("site");
    auto* spec = instance.component.mutable_archive();
    *spec->mutable_archive() = Artifact("site.tar", Text(folder_ / "packed.tar"));
    spec->set_path(path);
    Seal(&instance);
    return instance;
  }
  static std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat found {};
    return lstat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
  }
  static ArchiveOptions Options() {
    ArchiveOptions options;
    options.reserve_bytes = 0;
    return options;
  }
  void Commit() {
    kind_->Commit();
    // The worker does one thing after another.
    Observe(*kind_, one_);
  }

  std::string path_ = folder_ / "opt/site";
  std::unique_ptr<ArchiveKind> kind_ = std::make_unique<ArchiveKind>(*loop_, setup_, Options());
  const Instance one_ = Archive(path_, {{.path = "./", .type = AE_IFDIR, .mode = 0750},
                                        {.path = "bin/run", .content = "#!/bin/sh\n", .mode = 0777},
                                        {.path = "index.html", .content = "one"},
                                        {.path = "start", .type = AE_IFLNK, .target = "bin/run"},
                                        {.path = "again", .hard_target = "index.html"}});
  const Instance two_ = Archive(path_, {{.path = "index.html", .content = "two"}, {.path = "new", .content = "n"}});
};

TEST_F(ArchiveKindTest, PutsAFolderInPlaceAndTakesItAway) {
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMissing);
  EXPECT_GOOD(Check(*kind_, one_));
  EXPECT_GOOD(Apply(*kind_, one_));
  EXPECT_GOOD(Confirm(*kind_, one_));
  EXPECT_EQ(Text(path_ + "/index.html"), "one");
  EXPECT_EQ(Text(path_ + "/again"), "one");
  EXPECT_EQ(fs::read_symlink(path_ + "/start"), "bin/run");
  EXPECT_EQ(ModeOf(path_), 0750u);
  EXPECT_EQ(ModeOf(path_ + "/bin"), 0755u);
  EXPECT_EQ(ModeOf(path_ + "/bin/run"), 0755u) << "others must not be able to write what runs";
  struct stat found {};
  ASSERT_EQ(stat((path_ + "/index.html").c_str(), &found), 0);
  EXPECT_EQ(found.st_mtime, 1'700'000'000);
  EXPECT_EQ(found.st_uid, geteuid());
  const auto observed = Observe(*kind_, one_);
  EXPECT_EQ(observed.match, Match::kMatches) << observed.detail;
  EXPECT_EQ(observed.state, v1::ReportedComponent::STATE_RUNNING);
  EXPECT_GOOD(Remove(*kind_, one_));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMissing);
  EXPECT_GOOD(Remove(*kind_, one_));
  Commit();
  EXPECT_THAT(Names(folder_ / "opt"), ElementsAre());
  EXPECT_FALSE(fs::exists(folder_ / "state/archives/" + application_ + "/site"));
}

TEST_F(ArchiveKindTest, ReplacesTheWholeFolderAndKeepsTheOldOneUntilTheCommit) {
  EXPECT_GOOD(Apply(*kind_, one_));
  Commit();
  EXPECT_EQ(Observe(*kind_, two_).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, two_));
  EXPECT_THAT(Names(path_), ElementsAre("index.html", "new"));
  EXPECT_THAT(Names(folder_ / "opt"), ElementsAre(".site.motley-old", "site"));
  Commit();
  EXPECT_THAT(Names(folder_ / "opt"), ElementsAre("site"));
  EXPECT_EQ(Observe(*kind_, two_).match, Match::kMatches);
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kDiffers);
}

TEST_F(ArchiveKindTest, GoesBackWithoutTheArchive) {
  EXPECT_GOOD(Apply(*kind_, one_));
  Commit();
  EXPECT_GOOD(Apply(*kind_, two_));
  ASSERT_EQ(unlink(setup_.artifact(one_.component.archive().archive().digest()).c_str()), 0);
  EXPECT_GOOD(Apply(*kind_, one_));
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMatches);
  EXPECT_GOOD(Remove(*kind_, one_));
  EXPECT_GOOD(Apply(*kind_, one_));
  EXPECT_EQ(Text(path_ + "/index.html"), "one");
  Commit();
  EXPECT_THAT(Names(folder_ / "opt"), ElementsAre("site"));
}

TEST_F(ArchiveKindTest, FindsDriftAndHealsIt) {
  struct Row {
    std::string drift;
    std::function<void()> change;
  };
  const auto write = [&](const std::string& name, const std::string& text) {
    const int fd = open((path_ + "/" + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ASSERT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(fd);
  };
  const Row rows[] = {
      {"bin/run was edited", [&] { write("bin/run", "#!/bin/sh -x\n"); }},
      {"bin/run was edited", [&] { write("bin/run", "#!/bin/no\n"); }},
      {"index.html is gone", [&] { unlink((path_ + "/index.html").c_str()); }},
      {"extra was added", [&] { write("extra", ""); }},
      {"bin/run has mode 0600, not 0755", [&] { chmod((path_ + "/bin/run").c_str(), 0600); }},
      {"again belongs to 0:12, not 0:0, index.html belongs to 0:12, not 0:0",
       [&] { ASSERT_EQ(chown((path_ + "/again").c_str(), 0, 12), 0); }},
      {"start leads elsewhere",
       [&] {
         unlink((path_ + "/start").c_str());
         ASSERT_EQ(symlink("index.html", (path_ + "/start").c_str()), 0);
       }},
      {"start is no link any more",
       [&] {
         unlink((path_ + "/start").c_str());
         write("start", "");
       }},
      {"a was added, b was added, c was added, and 2 more",
       [&] {
         for (const std::string name : {"a", "b", "c", "d", "e"}) write(name, "");
       }},
  };
  for (const auto& row : rows) {
    EXPECT_GOOD(Apply(*kind_, one_));
    ASSERT_EQ(Observe(*kind_, one_).match, Match::kMatches);
    row.change();
    const auto observed = Observe(*kind_, one_);
    EXPECT_EQ(observed.match, Match::kDiffers);
    EXPECT_EQ(observed.detail, "in " + path_ + ": " + row.drift);
  }
  fs::remove_all(path_);
  EXPECT_EQ(Observe(*kind_, one_).detail, path_ + " is gone");
  EXPECT_GOOD(Apply(*kind_, one_));
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMatches);
}

TEST_F(ArchiveKindTest, TakesATouchedFileForWhatItIs) {
  EXPECT_GOOD(Apply(*kind_, one_));
  ASSERT_EQ(utimensat(AT_FDCWD, (path_ + "/index.html").c_str(), nullptr, 0), 0);
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMatches);
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMatches);
}

TEST_F(ArchiveKindTest, NeverReplacesWhatIsNotItsOwn) {
  ASSERT_TRUE(MakeFolder(path_));
  EXPECT_ERROR(Apply(*kind_, one_), Code::kConflict, HasSubstr("is not this component's; move it away"));
  EXPECT_GOOD(Remove(*kind_, one_));
  EXPECT_TRUE(fs::exists(path_));
  ASSERT_EQ(rmdir(path_.c_str()), 0);
  EXPECT_GOOD(Apply(*kind_, one_));
  for (const auto& path : {path_, path_ + "/bin", folder_ / "opt"}) {
    auto second = Archive(path, {{.path = "x", .content = "x"}});
    second.component.set_name("second");
    EXPECT_ERROR(Apply(*kind_, second), Code::kConflict, HasSubstr("the folder of component \"site\""));
  }
}

TEST_F(ArchiveKindTest, MovesWhenThePathChanges) {
  EXPECT_GOOD(Apply(*kind_, one_));
  Commit();
  auto moved = one_;
  moved.component.mutable_archive()->set_path(folder_ / "opt/elsewhere");
  EXPECT_EQ(Observe(*kind_, moved).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, moved));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(Observe(*kind_, moved).match, Match::kMatches);
  // And back, and there again.
  EXPECT_GOOD(Apply(*kind_, one_));
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMatches);
  EXPECT_EQ(Observe(*kind_, moved).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, moved));
  Commit();
  EXPECT_THAT(Names(folder_ / "opt"), ElementsAre("elsewhere"));
}

TEST_F(ArchiveKindTest, ChecksBeforeAnythingIsTouched) {
  for (const std::string path : {"", "relative", "/opt/../x", "/opt//x", "/opt/x/", "/"}) {
    EXPECT_ERROR(Check(*kind_, Archive(path, {{.path = "a"}})), Code::kInvalid, HasSubstr("is not absolute and plain"));
  }
  for (const std::string& path : {setup_.state_folder + "/x", setup_.state_folder, folder_.path()}) {
    EXPECT_ERROR(Check(*kind_, Archive(path, {{.path = "a"}})), Code::kInvalid, HasSubstr("the agent's own folder"));
  }
  EXPECT_ERROR(Check(*kind_, Archive(path_, {{.path = "../evil", .content = "x"}})), Code::kInvalid,
               HasSubstr("archive \"site\": \"site.tar\": entry \"../evil\" has \"..\""));
  auto text = one_;
  *text.component.mutable_archive()->mutable_archive() = Artifact("notes.txt", "no archive at all");
  EXPECT_ERROR(Check(*kind_, text), Code::kCorrupt, HasSubstr("it is to be .tar"));
  auto none = one_;
  none.component.mutable_archive()->mutable_archive()->set_digest(Sha256("not there"));
  EXPECT_ERROR(Check(*kind_, none), Code::kNotFound, HasSubstr("\"site.tar\""));
  auto far = one_;
  far.host.set_name("sensor");
  far.host.mutable_ssh();
  EXPECT_ERROR(Check(*kind_, far), Code::kInvalid, HasSubstr("not on host \"sensor\""));
  auto limited = Archive(path_, {{.path = "big", .content = std::string(2 << 20, 'x')}});
  limited.component.mutable_limits()->set_disk_mb(1);
  EXPECT_ERROR(Check(*kind_, limited), Code::kInvalid, HasSubstr("limit of 1048576 bytes"));
}

TEST_F(ArchiveKindTest, LeavesTheOldFolderWhenTheArchiveIsBadFurtherBack) {
  EXPECT_GOOD(Apply(*kind_, one_));
  // Behind more than a check reads.
  const auto rotten = Archive(path_, {{.path = "big", .content = std::string(8 << 20, 'x')},
                                      {.path = "out", .type = AE_IFLNK, .target = "../../etc"}});
  EXPECT_GOOD(Check(*kind_, rotten));
  EXPECT_ERROR(Apply(*kind_, rotten), Code::kInvalid, HasSubstr("leads out of the folder"));
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMatches);
  EXPECT_THAT(Names(folder_ / "opt"), ElementsAre("site"));
  ASSERT_TRUE(WriteFileAtomically(setup_.artifact(two_.component.archive().archive().digest()), "rotten", 0644));
  EXPECT_ERROR(Apply(*kind_, two_), Code::kCorrupt, HasSubstr("fetch it again"));
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kMatches);
}

TEST_F(ArchiveKindTest, LeavesTheOldFolderAndSomeRoomOnAFullDisk) {
  tests::SmallDisk disk(4 << 20);
  path_ = disk.path() + "/site";
  const auto small = Archive(path_, {{.path = "a", .content = "small"}});
  const auto large = Archive(path_, {{.path = "a", .content = std::string(5 << 20, 'x')}});
  EXPECT_GOOD(Apply(*kind_, small));
  EXPECT_ERROR(Apply(*kind_, large), Code::kUnavailable, HasSubstr("the disk is full; free some space"));
  EXPECT_THAT(Names(disk.path()), ElementsAre("site"));
  EXPECT_EQ(Observe(*kind_, small).match, Match::kMatches);
  ArchiveOptions options;
  options.reserve_bytes = 16 << 20;
  ArchiveKind careful(*loop_, setup_, options);
  EXPECT_ERROR(Apply(careful, large), Code::kUnavailable, HasSubstr("would have less than 16 MiB left"));
  disk.Fill();
  EXPECT_GOOD(Remove(*kind_, small));
  EXPECT_GOOD(Apply(*kind_, small));  // From what was kept.
}

TEST_F(ArchiveKindTest, SaysSoWhenItsRecordIsDamaged) {
  EXPECT_GOOD(Apply(*kind_, one_));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "state/archives/" + application_ + "/site/record.pb", "\xFF\xFF", 0600));
  EXPECT_EQ(Observe(*kind_, one_).match, Match::kUnknown);
  EXPECT_ERROR(Apply(*kind_, one_), Code::kCorrupt, HasSubstr("is damaged"));
}

// motley-unpack is killed after each of some amounts of its output, from before the first entry to the last one.
TEST_F(ArchiveKindTest, LeavesTheOldFolderWhenUnpackingIsKilled) {
  EXPECT_GOOD(Apply(*kind_, one_));
  Commit();
  auto setup = setup_;
  setup.unpack = folder_ / "killed";
  for (const int bytes : {0, 4, 60, 5000, 200'000, 300'100}) {
    const auto script = "#!/bin/sh\n" + setup_.unpack + " \"$@\" | head -c " + std::to_string(bytes) + "\nkill -9 $$\n";
    ASSERT_TRUE(WriteFileAtomically(setup.unpack, script, 0755));
    ArchiveKind kind(*loop_, setup, Options());
    const auto large = Archive(path_, {{.path = "a", .content = std::string(100'000, 'x')},
                                       {.path = "b", .content = std::string(100'000, 'y')},
                                       {.path = "c", .content = std::string(100'000, 'z')}});
    EXPECT_ERROR(Apply(kind, large), Code::kUnavailable,
                 AllOf(HasSubstr("archive \"site\": motley-unpack was ended by signal 9 in the middle of"),
                       HasSubstr("see that the gateway has memory left")));
    EXPECT_EQ(Observe(kind, one_).match, Match::kMatches);
    EXPECT_THAT(Names(folder_ / "opt"), ElementsAre("site"));
    EXPECT_EQ(Text(path_ + "/index.html"), "one");
  }
  EXPECT_GOOD(Apply(*kind_, two_));
}

TEST_F(ArchiveKindTest, SaysWhichProgramItUnpacksWith) {
  auto setup = setup_;
  setup.unpack = "/nowhere/motley-unpack";
  ArchiveKind missing(*loop_, setup, Options());
  const auto words = HasSubstr("there is no program /nowhere/motley-unpack, which unpacks archives; install it beside");
  EXPECT_ERROR(Check(missing, one_), Code::kNotFound, words);
  EXPECT_ERROR(Apply(missing, one_), Code::kNotFound, words);
  EXPECT_FALSE(fs::exists(path_));
  setup.unpack = folder_ / "broken";
  ASSERT_TRUE(WriteFileAtomically(setup.unpack, "#!/bin/sh\necho no libarchive here >&2\nexit 127\n", 0755));
  ArchiveKind broken(*loop_, setup, Options());
  EXPECT_ERROR(Apply(broken, one_), Code::kUnavailable,
               HasSubstr("motley-unpack ended with exit code 127 (no libarchive here)"));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_GOOD(Apply(*kind_, one_));
}

// The agent is killed at many points: the path has the old folder or the new one, whole, and the next agent gets there.
TEST_F(ArchiveKindTest, HasTheOldOrTheNewFolderWhereverTheAgentWasKilled) {
  // A file system in memory: what is looked at is the order of the steps, not the disk.
  tests::SmallDisk disk(16 << 20);
  path_ = disk.path() + "/site";
  std::vector<TarEntry> old_files;
  std::vector<TarEntry> new_files;
  for (int i = 0; i < 60; ++i) {
    old_files.push_back({.path = "f" + std::to_string(i), .content = std::string(5000, 'o')});
    new_files.push_back({.path = "f" + std::to_string(i), .content = std::string(5000, 'n')});
  }
  const auto before = Archive(path_, old_files);
  const auto after = Archive(path_, new_files);
  const auto time_of = [&](const Instance& instance) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_GOOD(Apply(*kind_, instance));
    return std::chrono::steady_clock::now() - began;
  };
  const auto whole = std::max(time_of(before), time_of(after));
  constexpr int kRounds = 60;
  std::array<int, 2> seen{};
  for (int round = 0; round < kRounds; ++round) {
    kind_ = std::make_unique<ArchiveKind>(*loop_, setup_, Options());
    EXPECT_GOOD(Apply(*kind_, before));
    Commit();
    kind_.reset();
    const pid_t agent = fork();
    if (agent == 0) {
      const auto loop = EventLoop::Create();
      ArchiveKind kind(*loop, setup_, Options());
      kind.Apply(after, [](Result<void>) { _exit(0); });
      loop->Run();
      _exit(1);
    }
    const auto until = std::chrono::steady_clock::now() + whole * round / 50;
    while (std::chrono::steady_clock::now() < until) {
    }
    // The last one may come to its end, however slow the machine is.
    if (round < kRounds - 1) kill(agent, SIGKILL);
    ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
    ASSERT_EQ(Names(path_).size(), 60u);
    const char which = Text(path_ + "/f0").front();
    for (const auto& name : Names(path_)) ASSERT_EQ(Text(path_ + "/" + name), std::string(5000, which));
    ++seen[which == 'n'];
    kind_ = std::make_unique<ArchiveKind>(*loop_, setup_, Options());
    const auto observed = Observe(*kind_, which == 'n' ? after : before);
    EXPECT_EQ(observed.match, Match::kMatches) << observed.detail;
    if (round % 2 == 0) EXPECT_GOOD(Apply(*kind_, after));
    if (round % 3 == 0) {
      EXPECT_GOOD(Remove(*kind_, after));
      EXPECT_FALSE(fs::exists(path_));
    }
    Commit();
    EXPECT_THAT(Names(disk.path()).size(), round % 3 == 0 ? 0u : 1u);
  }
  EXPECT_GT(seen[0], 0);
  EXPECT_GT(seen[1], 0);
}

// The very moments at which a first installation can be cut off, made by hand.
TEST_F(ArchiveKindTest, TakesAwayAFirstFolderWhoseRecordWasNotFinished) {
  EXPECT_GOOD(Apply(*kind_, one_));
  const auto record = folder_ / "state/archives/" + application_ + "/site/record.pb";
  auto text = Text(record);
  const auto at = text.find("\x10\x02");
  ASSERT_NE(at, std::string::npos);
  text[at + 1] = 1;
  ASSERT_TRUE(WriteFileAtomically(record, text, 0600));
  const auto observed = Observe(*kind_, one_);
  EXPECT_EQ(observed.match, Match::kDiffers);
  EXPECT_THAT(observed.detail, HasSubstr("was cut off"));
  EXPECT_GOOD(Remove(*kind_, one_));
  EXPECT_FALSE(fs::exists(path_));
  // Somebody else's folder at the path of an installation that never came is left alone.
  ASSERT_TRUE(WriteFileAtomically(record, text, 0600));
  ASSERT_TRUE(MakeFolder(path_));
  EXPECT_ERROR(Apply(*kind_, one_), Code::kConflict, HasSubstr("is not this component's"));
  EXPECT_GOOD(Remove(*kind_, one_));
  EXPECT_TRUE(fs::exists(path_));
}

}  // namespace
}  // namespace motley::agent
