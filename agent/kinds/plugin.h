#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/kinds/kind.h"
#include "agent/kinds/plugin_act.h"
#include "agent/kinds/plugin_call.h"
#include "agent/kinds/plugin_folder.h"
#include "agent/kinds/setup.h"
#include "common/loop/worker.h"

namespace motley::agent {

struct PluginOptions {
  /// Where plugins are looked for, the first first; need not exist. Usually /usr/lib/motley/plugins and
  /// <state>/plugins.
  std::vector<std::string> folders;
  PluginLimits limits;
};

/// Kinds that executables in the plugin folders provide, as docs/plugins.md says.
///
/// The agent writes down what was applied (<state>/plugin-state/<application>/<component>.pb), so that a plugin is
/// asked only whether that very thing is still as it should be. A component that goes from one plugin to another is
/// removed by the first. Each plugin has a worker of its own, so that a slow one holds up no other.
class PluginKind : public Kind {
 public:
  /// `loop` outlives this object. Looks into no folder yet: call Rescan.
  PluginKind(Loop& loop, KindSetup setup, PluginOptions options);
  ~PluginKind() override;

  /// Looks into the folders anew and asks plugins that are new, have changed or did not work what they are; then
  /// `done`, on the loop; it may be empty. What is known of the others stays. Takes about 10 us a file, and each new
  /// plugin its own time on its worker.
  void Rescan(std::function<void()> done);

  /// "plugin:NAME" of each plugin that works: what a gateway's context says of its kinds. As of the last Rescan.
  std::vector<std::string> Names() const;
  /// Why a plugin that is there is not among Names, by its name.
  std::map<std::string, std::string> Problems() const;

  void Prepare(std::function<void()> done) override { Rescan(std::move(done)); }
  /// Errors: kNotFound (no such plugin; an artifact that is not here), kInvalid (the plugin does not work, or its
  /// config is not what it describes).
  Result<void> Check(const Instance& instance) override;
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// Errors: what the plugin says; kTimeout, kUnavailable and kInvalid when it does not answer properly.
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Asks for its health, once: a plugin that has to wait does so itself, within its deadline.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Forgets what was removed.
  void Commit() override;

 private:
  struct Plugin {
    PluginFile file;
    /// Unset: it is being asked.
    std::optional<Result<PluginDescription>> description;
  };
  /// What was seen to match, so that it need not be looked at again at once.
  struct Seen {
    std::string digest;
    std::chrono::steady_clock::time_point until;
    Observed observed;
  };
  using Files = std::map<std::string, PluginFile>;

  void Describe(const std::string& name, const PluginFile& file);
  void Described(const std::string& name, const std::string& identity, Result<PluginDescription> description);
  Files GoodFiles() const;
  Worker& WorkerOf(const std::string& plugin);
  std::string WhyMissing(const std::string& plugin) const;
  void Saw(const Instance& instance, const Observed& observed);
  PluginAct MakeAct(const Instance& instance) const;
  void Act(const Instance& instance, Result<void> (PluginAct::*act)() const, std::function<void(Result<void>)> done);

  Loop& loop_;
  const KindSetup setup_;
  const PluginOptions options_;
  std::map<std::string, Plugin> plugins_;
  std::map<std::string, Seen> seen_;
  std::vector<std::function<void()>> waiting_;
  /// By name of plugin.
  std::map<std::string, std::unique_ptr<Worker>> workers_;
};

}  // namespace motley::agent
