#pragma once

#include <map>
#include <string>

#include "agent/kinds/kind.h"
#include "agent/kinds/plugin_call.h"
#include "agent/kinds/plugin_record.pb.h"

namespace motley::agent {

/// What plugins do for one component. A value; each call blocks and may have been cut off before.
struct PluginAct {
  KindSetup setup;
  PluginLimits limits;
  /// The plugins that may be run, by name.
  std::map<std::string, PluginFile> files;
  /// Of those that were asked already.
  std::map<std::string, PluginDescription> descriptions;
  Instance instance;

  /// Errors: as Kind::Apply.
  Result<void> Apply() const;
  Result<void> Remove() const;
  Result<void> Health() const;
  Result<Observed> Observe() const;

 private:
  /// A plugin with what is known of it.
  struct Known {
    PluginFile file;
    PluginDescription description;
  };
  Result<Known> Find(const std::string& plugin) const;
  Result<std::string> Request() const;
  Result<std::string> Ask(const std::string& plugin, const std::string& verb, const std::string& request) const;
  Result<void> RemoveRecorded(PluginRecord record) const;
};

/// Forgets all components whose removal was committed: their records and the folders of their plugins.
Result<void> ForgetRemovedPlugins(const KindSetup& setup);

/// "<state>/plugin-state/<application>/<component>" of an instance. Errors: as ComponentFolder.
Result<std::string> PluginStateFolder(const KindSetup& setup, const Instance& instance);

}  // namespace motley::agent
