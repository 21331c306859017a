#include "agent/kinds/plugin.h"

#include <unistd.h>

#include <cerrno>

#include "agent/kinds/observed.h"
#include "agent/kinds/plugin_act.h"
#include "agent/kinds/plugin_schema.h"
#include "common/files/files.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

// A thread's name has at most 15 characters.
constexpr std::size_t kThreadNameLength = 15;
// For what needs no plugin.
constexpr const char* kNoPlugin = "";

std::string Doing(const Instance& instance) { return "component \"" + instance.component.name() + "\""; }

std::string Listed(const std::vector<std::string>& texts) {
  std::string text;
  for (const auto& one : texts) text += (text.empty() ? "" : "; ") + one;
  return text;
}

}  // namespace

PluginKind::PluginKind(Loop& loop, KindSetup setup, PluginOptions options)
    : loop_(loop), setup_(std::move(setup)), options_(std::move(options)) {}

PluginKind::~PluginKind() = default;

void PluginKind::Rescan(std::function<void()> done) {
  auto files = ScanPluginFolders(options_.folders);
  std::erase_if(plugins_, [&](const auto& known) { return !files.contains(known.first); });
  bool asking = false;
  for (auto& [name, file] : files) {
    auto& plugin = plugins_[name];
    const bool same = plugin.file.identity == file.identity && plugin.file.path == file.path;
    // One that did not work may miss a program that has come meanwhile.
    const bool failed = plugin.description && !*plugin.description;
    const bool asked = same && !failed && plugin.file.problem == file.problem;
    plugin.file = file;
    if (!asked) {
      plugin.description.reset();
      if (!file.problem.empty()) {
        plugin.description = Result<PluginDescription>(Error{Code::kDenied, file.problem});
      } else {
        Describe(name, file);
      }
    }
    asking |= !plugin.description.has_value();
  }
  if (!done) return;
  if (asking) {
    waiting_.push_back(std::move(done));
  } else {
    // On this kind's own worker, so that nothing is called when this object is gone.
    WorkerOf(kNoPlugin).Run([] { return true; }, [done = std::move(done)](bool) { done(); });
  }
}

void PluginKind::Describe(const std::string& name, const PluginFile& file) {
  WorkerOf(name).Run([name, file, folder = setup_.state_folder,
                      limits = options_.limits] { return DescribePlugin(name, file, folder, limits); },
                     [this, name, identity = file.identity](Result<PluginDescription> description) {
                       Described(name, identity, std::move(description));
                     });
}

void PluginKind::Described(const std::string& name, const std::string& identity,
                           Result<PluginDescription> description) {
  const auto plugin = plugins_.find(name);
  // Meanwhile it may have gone or changed, and then it is asked again.
  if (plugin != plugins_.end() && plugin->second.file.identity == identity) {
    if (!description) LogWarning("plugin \"{}\" is not used: {}", name, description.error().message);
    plugin->second.description = std::move(description);
  }
  for (const auto& [other, state] : plugins_) {
    if (!state.description) return;
  }
  for (auto& done : std::exchange(waiting_, {})) done();
}

std::vector<std::string> PluginKind::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, plugin] : plugins_) {
    if (plugin.description && *plugin.description) names.push_back("plugin:" + name);
  }
  return names;
}

std::map<std::string, std::string> PluginKind::Problems() const {
  std::map<std::string, std::string> problems;
  for (const auto& [name, plugin] : plugins_) {
    if (plugin.description && !*plugin.description) problems[name] = plugin.description->error().message;
  }
  return problems;
}

std::string PluginKind::WhyMissing(const std::string& plugin) const {
  std::string folders;
  for (const auto& folder : options_.folders) folders += (folders.empty() ? "" : " or ") + folder;
  return "this gateway has no plugin \"" + plugin + "\"; put it into " + folders;
}

Result<void> PluginKind::Check(const Instance& instance) {
  const auto& spec = instance.component.plugin();
  TRY(PluginStateFolder(setup_, instance));
  const auto found = plugins_.find(spec.plugin());
  if (found == plugins_.end()) {
    return Error{Code::kNotFound, Doing(instance) + ": " + WhyMissing(spec.plugin())};
  }
  const auto& description = found->second.description;
  const auto doing = Doing(instance) + ": plugin \"" + spec.plugin() + "\"";
  if (description && !*description) return Error{Code::kInvalid, doing + ": " + description->error().message};
  const std::string schema = description ? (*description)->config_schema : "";
  const auto problems = CheckPluginConfig(schema, spec.config().empty() ? "{}" : spec.config());
  if (!problems.empty()) return Error{Code::kInvalid, doing + ": " + Listed(problems)};
  for (const auto& artifact : spec.artifacts()) {
    const auto path = setup_.artifact(artifact.digest());
    if (access(path.c_str(), R_OK) != 0) return SystemError(doing + ": open its artifact " + artifact.name(), errno);
  }
  return {};
}

PluginKind::Files PluginKind::GoodFiles() const {
  Files files;
  for (const auto& [name, plugin] : plugins_) {
    if (plugin.file.problem.empty()) files[name] = plugin.file;
  }
  return files;
}

Worker& PluginKind::WorkerOf(const std::string& plugin) {
  // Only plugins that are there, so that their number has a bound.
  auto& worker = workers_[plugins_.contains(plugin) ? plugin : kNoPlugin];
  if (!worker) worker = std::make_unique<Worker>(loop_, ("plugin " + plugin).substr(0, kThreadNameLength));
  return *worker;
}

void PluginKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  const auto seen = seen_.find(instance.Key());
  if (seen != seen_.end() && seen->second.digest == instance.digest && loop_.Now() < seen->second.until) {
    return WorkerOf(kNoPlugin).Run([observed = seen->second.observed] { return observed; }, std::move(done));
  }
  WorkerOf(instance.component.plugin().plugin())
      .Run([act = MakeAct(instance)] { return UnknownUnlessSeen(act.Observe()); },
           [this, instance, done](Observed observed) {
             Saw(instance, observed);
             done(std::move(observed));
           });
}

void PluginKind::Saw(const Instance& instance, const Observed& observed) {
  const auto plugin = plugins_.find(instance.component.plugin().plugin());
  const bool good = plugin != plugins_.end() && plugin->second.description && *plugin->second.description;
  if (!good || observed.match != Observed::Match::kMatches) {
    seen_.erase(instance.Key());
    return;
  }
  const auto until = loop_.Now() + (*plugin->second.description)->observe_interval;
  seen_[instance.Key()] = {instance.digest, until, observed};
}

void PluginKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  Act(instance, &PluginAct::Apply, std::move(done));
}

void PluginKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  Act(instance, &PluginAct::Health, std::move(done));
}

void PluginKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  Act(instance, &PluginAct::Remove, std::move(done));
}

void PluginKind::Act(const Instance& instance, Result<void> (PluginAct::*act)() const,
                     std::function<void(Result<void>)> done) {
  seen_.erase(instance.Key());
  WorkerOf(instance.component.plugin().plugin())
      .Run([made = MakeAct(instance), act, doing = Doing(instance)] { return (made.*act)().While(doing); },
           std::move(done));
}

PluginAct PluginKind::MakeAct(const Instance& instance) const {
  PluginAct act{setup_, options_.limits, GoodFiles(), {}, instance};
  for (const auto& [name, plugin] : plugins_) {
    if (plugin.description && *plugin.description) act.descriptions.emplace(name, **plugin.description);
  }
  return act;
}

void PluginKind::Commit() {
  WorkerOf(kNoPlugin).Run([setup = setup_] { return ForgetRemovedPlugins(setup); },
                          [](const Result<void>& forgotten) {
                            if (!forgotten) {
                              LogWarning("a removed component leaves something behind: {}", forgotten.error().message);
                            }
                          });
}

}  // namespace motley::agent
