#pragma once

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "agent/kinds/setup.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/loop/loop.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"

namespace motley::tests {

/// A real loop, a state folder, artifacts, and the calls of a kind as if they blocked.
class KindTestBase : public ::testing::Test {
 protected:
  KindTestBase() {
    EXPECT_TRUE(MakeFolder(folder_ / "state"));
    EXPECT_TRUE(MakeFolder(folder_ / "artifacts"));
    setup_.state_folder = folder_ / "state";
    setup_.gateway = "gw-7";
    setup_.supervise = Built("motley-supervise");
    setup_.unpack = Built("motley-unpack");
    setup_.artifact = [this](const std::string& digest) { return folder_ / "artifacts/" + digest.substr(7); };
  }

  /// Puts bytes into the store of artifacts.
  v1::ArtifactRef Artifact(const std::string& name, const std::string& bytes) {
    v1::ArtifactRef reference;
    reference.set_digest(Sha256(bytes));
    reference.set_size_bytes(bytes.size());
    reference.set_name(name);
    EXPECT_TRUE(WriteFileAtomically(setup_.artifact(reference.digest()), bytes, 0644));
    return reference;
  }
  /// An instance of "app/<name>" with the digest of its content.
  agent::Instance Make(const std::string& name) {
    agent::Instance instance;
    instance.application = application_;
    instance.component.set_name(name);
    return instance;
  }
  static void Seal(agent::Instance* instance) { instance->digest = Sha256(instance->component.SerializeAsString()); }

  /// Both halves, as the engine does.
  Result<void> Check(agent::Kind& kind, const agent::Instance& instance) {
    TRY(kind.Check(instance));
    auto answer = std::make_shared<std::optional<Result<void>>>();
    kind.Inspect(instance, [answer](Result<void> fit) { *answer = std::move(fit); });
    EXPECT_TRUE(RunUntil(
        *loop_, [&] { return answer->has_value(); }, std::chrono::seconds(30)));
    return **answer;
  }
  Result<void> Apply(agent::Kind& kind, const agent::Instance& instance) {
    return Wait<Result<void>>([&](auto done) { kind.Apply(instance, done); });
  }
  Result<void> Confirm(agent::Kind& kind, const agent::Instance& instance) {
    return Wait<Result<void>>([&](auto done) { kind.Confirm(instance, done); });
  }
  Result<void> Remove(agent::Kind& kind, const agent::Instance& instance) {
    return Wait<Result<void>>([&](auto done) { kind.Remove(instance, done); });
  }
  agent::Observed Observe(agent::Kind& kind, const agent::Instance& instance) {
    return Wait<agent::Observed>([&](auto done) { kind.Observe(instance, done); });
  }

  /// Contents of a file, "(none)" if there is none.
  static std::string Text(const std::string& path) {
    const auto text = ReadFile(path, 1 << 24);
    return text ? *text : "(none)";
  }

  /// Permission bits, 0 if there is nothing.
  static unsigned ModeOf(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
  }
  /// Numbers of user and group.
  static std::pair<unsigned, unsigned> OwnerOf(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
    return {found.st_uid, found.st_gid};
  }

  TemporaryFolder folder_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  /// Its own for each test process, so that what is left behind can be told.
  std::string application_ = "app-" + std::to_string(getpid());
  agent::KindSetup setup_;

 private:
  template <typename T>
  T Wait(const std::function<void(std::function<void(T)>)>& call) {
    auto answer = std::make_shared<std::optional<T>>();
    call([answer](T value) {
      EXPECT_FALSE(answer->has_value()) << "answered twice";
      *answer = std::move(value);
    });
    EXPECT_FALSE(answer->has_value()) << "answered from within the call";
    EXPECT_TRUE(RunUntil(
        *loop_, [&] { return answer->has_value(); }, std::chrono::seconds(30)));
    return **answer;
  }
};

#define EXPECT_GOOD(expression)                                       \
  do {                                                                \
    const auto good = (expression);                                   \
    EXPECT_TRUE(good) << #expression << ": " << good.error().message; \
  } while (false)

#define EXPECT_ERROR(expression, expected_code, matcher)               \
  do {                                                                 \
    const auto bad = (expression);                                     \
    ASSERT_FALSE(bad) << #expression;                                  \
    EXPECT_EQ(bad.error().code, expected_code) << bad.error().message; \
    EXPECT_THAT(bad.error().message, matcher);                         \
  } while (false)

}  // namespace motley::tests
