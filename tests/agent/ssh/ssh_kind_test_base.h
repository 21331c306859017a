#pragma once

#include <signal.h>

#include <filesystem>

#include "agent/kinds/ssh.h"
#include "tests/agent/kinds/kind_test_base.h"
#include "tests/support/ssh_server.h"

namespace motley::tests {

/// The ssh kind against a real sshd, with Debian's and with busybox's userland.
class SshKindTestBase : public KindTestBase, public ::testing::WithParamInterface<SshServer::Userland> {
 protected:
  SshKindTestBase() { NewKind(); }
  ~SshKindTestBase() override {
    kind_.reset();
    for (const pid_t pid : Processes()) kill(pid, SIGKILL);
  }

  /// As an agent that was killed and started again.
  void NewKind() {
    kind_.reset();
    kind_ =
        std::make_unique<agent::SshKind>(*loop_, agent::SshClient(folder_ / "ssh"), setup_.gateway, setup_.artifact);
  }

  agent::Instance Remote(const std::string& name) {
    auto instance = Make(name);
    instance.host = server_.host();
    return instance;
  }
  agent::Instance Process(const std::string& script) {
    auto instance = Remote("sensor");
    *instance.component.mutable_process()->mutable_artifact() = Artifact("bin/sensor", "#!/bin/sh\n" + script);
    instance.component.mutable_process()->set_confirm_ms(100);
    Seal(&instance);
    return instance;
  }
  agent::Instance File(const std::string& path, const std::string& content) {
    auto instance = Remote("settings");
    instance.component.mutable_file()->set_path(path);
    instance.component.mutable_file()->set_content(content);
    Seal(&instance);
    return instance;
  }
  agent::Instance Script(const std::string& apply, const std::string& undo = "") {
    auto instance = Remote("setup");
    instance.component.mutable_script()->set_apply(apply);
    instance.component.mutable_script()->set_undo(undo);
    Seal(&instance);
    return instance;
  }

  agent::Observed Observe(const agent::Instance& instance) { return KindTestBase::Observe(*kind_, instance); }
  Result<void> Apply(const agent::Instance& instance) { return KindTestBase::Apply(*kind_, instance); }
  Result<void> Confirm(const agent::Instance& instance) { return KindTestBase::Confirm(*kind_, instance); }
  Result<void> Remove(const agent::Instance& instance) { return KindTestBase::Remove(*kind_, instance); }
  /// Waits until it has been carried out: calls for a host are done in their order.
  void Commit() {
    kind_->Commit();
    auto nothing = Remote("nothing");
    nothing.component.mutable_file()->set_path(folder_ / "nothing");
    EXPECT_GOOD(Remove(nothing));
  }

  /// What is kept there for a component.
  std::string There(const std::string& name) { return server_.home() + "/.motley/gw-7/" + application_ + "/" + name; }
  std::vector<std::string> ArtifactsThere() {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(server_.home() + "/.motley/gw-7/.artifacts", error)) {
      names.push_back("sha256:" + entry.path().filename().string());
    }
    return names;
  }
  /// Everything of this test that runs "there".
  std::vector<pid_t> Processes() {
    std::vector<pid_t> pids;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
      const auto text = ReadFile(entry.path() / "environ", 1 << 20);
      const std::string owner = "MOTLEY_OWNER=gw-7/" + application_;
      if (text && (text->find(owner + "/") != std::string::npos || text->find(owner + "-") != std::string::npos)) {
        pids.push_back(std::stoi(entry.path().filename()));
      }
    }
    return pids;
  }
  /// Scripts that were begun there, for looks and for acts.
  int Sessions() {
    const std::string log = server_.log();
    constexpr std::string_view kStarting = "Starting session: command";
    int count = 0;
    for (auto at = log.find(kStarting); at != std::string::npos; at = log.find(kStarting, at + 1)) ++count;
    return count;
  }
  static bool Runs(std::uint32_t pid) { return kill(static_cast<pid_t>(pid), 0) == 0; }
  bool SoonRuns(std::uint32_t pid, bool wanted) {
    return WaitFor([&] { return Runs(pid) == wanted; });
  }

  SshServer server_{GetParam()};
  std::unique_ptr<agent::SshKind> kind_;
};

/// For the names of tests.
inline std::string UserlandName(const ::testing::TestParamInfo<SshServer::Userland>& userland) {
  return userland.param == SshServer::Userland::kDebian ? "Debian" : "Busybox";
}

}  // namespace motley::tests
