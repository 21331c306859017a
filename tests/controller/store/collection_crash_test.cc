#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <random>
#include <set>

#include "controller/catalog/collection.h"
#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

namespace fs = std::filesystem;

/// What a controller with this folder has of the catalogue.
struct Life {
  explicit Life(const std::string& folder)
      : store(controller::Store::Open(folder + "/controller.db").value()),
        catalog(controller::Catalog::Create(loop, *store, folder + "/artifacts").value()),
        collection(loop, *store, *catalog) {}

  v1::ArtifactRef Add(const std::string& bytes) {
    const std::string file = catalog->incoming_folder() + "/upload";
    WriteFileAtomically(file, bytes, 0644).value();
    return catalog->Add(file, Sha256(bytes), bytes.size(), "program").value();
  }
  void Push(const std::string& version, const std::string& bytes) {
    v1::Release release;
    release.set_application("greeter");
    release.set_version(version);
    *release.add_artifacts() = Add(bytes);
    v1::Variant& variant = *release.add_variants();
    variant.set_name("any");
    v1::Component& component = *variant.mutable_model()->add_components();
    component.set_name("greeter");
    *component.mutable_process()->mutable_artifact() = release.artifacts(0);
    component.mutable_process()->add_command(version);
    catalog->PushRelease(release).value();
  }
  v1::ArtifactCollection Collect() {
    std::optional<Result<v1::ArtifactCollection>> answer;
    collection.Run(std::chrono::hours(1), false,
                   [&](Result<v1::ArtifactCollection> collected) { answer.emplace(std::move(collected)); });
    EXPECT_TRUE(loop.RunUntil([&] { return answer.has_value(); }));
    return answer->value();
  }

  FakeLoop loop;
  std::unique_ptr<controller::Store> store;
  std::unique_ptr<controller::Catalog> catalog;
  controller::Collection collection;
};

/// Pushes releases, deletes all but the last one and collects, again and again, from release number `next` on; writes
/// the number of each that is stored to `out`. Artifacts come back that were collected before. Ends by a signal.
[[noreturn]] void Live(const std::string& folder, std::uint64_t next, int out) {
  Life life(folder);
  // Later than all lives before.
  life.loop.Advance(std::chrono::hours(2 * next));
  for (;; ++next) {
    life.Push("1.0." + std::to_string(next), "program " + std::to_string(next % 5));
    if (write(out, &next, sizeof next) != sizeof next) _exit(1);
    const v1::ReleaseList releases = life.catalog->Releases("").value();
    for (const v1::Release& release : releases.releases()) {
      if (release.version() == "1.0." + std::to_string(next)) continue;
      life.catalog->DeleteRelease("greeter", release.version()).value();
    }
    life.loop.Advance(std::chrono::hours(2));
    life.Collect();
  }
}

/// Kills it `patience` after its first release. The number of the last one that was stored.
std::uint64_t LiveAndDie(const std::string& folder, std::uint64_t next, std::chrono::microseconds patience) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    Live(folder, next, ends[1]);
  }
  close(ends[1]);
  std::uint64_t last = 0;
  std::uint64_t number = 0;
  bool killed = false;
  while (read(ends[0], &number, sizeof number) == sizeof number) {
    last = number;
    if (std::exchange(killed, true)) continue;
    // Where it is cut is to be left to chance: nothing is waited for.
    usleep(static_cast<useconds_t>(patience.count()));
    kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  return last;
}

std::set<std::string> FilesOf(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.insert(entry.path().filename());
  }
  return names;
}

TEST(CollectionCrash, LeavesRowAndFileOrALeftoverThatTheNextOneTakes) {
  TemporaryFolder folder;
  std::minstd_rand random(4711);
  std::uint64_t next = 1;
  for (int life = 0; life < 15; ++life) {
    const std::chrono::microseconds patience(random() % 60'000);
    const std::uint64_t last = LiveAndDie(folder.path(), next, patience);
    ASSERT_GE(last, next);
    next = last + 2;

    Life again(folder.path());
    // All that a release needs is there, and is what it should be; the last one that was stored is among them, or the
    // one after it.
    const auto releases = again.catalog->Releases("").value();
    ASSERT_GT(releases.releases_size(), 0) << "in life " << life;
    std::set<std::string> wanted;
    for (const v1::Release& release : releases.releases()) {
      auto needed = again.catalog->Bundles("greeter", release.version()).value();
      needed.push_back(release.artifacts(0));
      for (const v1::ArtifactRef& artifact : needed) {
        wanted.insert(artifact.digest().substr(7));
        const auto bytes = ReadFile(again.catalog->PathOf(artifact.digest()).value(), 10'000);
        ASSERT_TRUE(bytes) << "in life " << life << ": " << bytes.error().message;
        ASSERT_EQ(Sha256(*bytes), artifact.digest()) << "in life " << life;
      }
    }
    const std::string newest = releases.releases(0).version();
    ASSERT_TRUE(newest == "1.0." + std::to_string(last) || newest == "1.0." + std::to_string(last + 1)) << newest;
    // The next collection takes all that is left over.
    again.loop.Advance(std::chrono::hours(100'000));
    again.Collect();
    ASSERT_EQ(FilesOf(folder / "artifacts"), wanted) << "in life " << life;
  }
}

}  // namespace
}  // namespace motley::tests
