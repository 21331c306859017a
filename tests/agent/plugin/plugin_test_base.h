#pragma once

#include <sys/stat.h>

#include <string>

#include "agent/kinds/plugin.h"
#include "tests/agent/kinds/kind_test_base.h"

namespace motley::tests {

/// A kind with plugins in a folder of its own.
class PluginTestBase : public KindTestBase {
 protected:
  PluginTestBase() { EXPECT_TRUE(MakeFolder(plugins_)); }

  agent::PluginOptions Options() {
    agent::PluginOptions options;
    options.folders = {plugins_};
    return options;
  }
  void Rescan() {
    bool done = false;
    kind_->Rescan([&] { done = true; });
    EXPECT_TRUE(RunUntil(
        *loop_, [&] { return done; }, std::chrono::seconds(30)));
  }
  agent::Instance Plugin(const std::string& plugin, const std::string& config) {
    auto instance = Make("thing");
    instance.component.mutable_plugin()->set_plugin(plugin);
    instance.component.mutable_plugin()->set_config(config);
    Seal(&instance);
    return instance;
  }
  void Commit(const agent::Instance& instance) {
    kind_->Commit();
    RunUntil(
        *loop_, [&] { return !std::filesystem::exists(StateOf(instance) + ".pb"); }, std::chrono::seconds(5));
  }
  std::string StateOf(const agent::Instance& instance) {
    return folder_ / "state/plugin-state/" + application_ + "/" + instance.component.name();
  }

  std::string plugins_ = folder_ / "plugins";
  std::unique_ptr<agent::PluginKind> kind_ = std::make_unique<agent::PluginKind>(*loop_, setup_, Options());
};

}  // namespace motley::tests
