#include "agent/kinds/plugin_act.h"

#include <filesystem>
#include <vector>

#include "agent/isolation/folder_tree.h"
#include "agent/kinds/kept_record.h"
#include "agent/kinds/plugin_schema.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPart = "plugin-state";
constexpr std::string_view kRecordEnding = ".pb";
// The request holds the component's config, of at most 1 MiB, and paths.
constexpr std::uint64_t kRecordLimitBytes = 8 << 20;

std::string RecordPath(const std::string& folder) { return folder + std::string(kRecordEnding); }

Result<PluginRecord> LoadRecord(const std::string& path) {
  TRY_ASSIGN(auto record,
             LoadKeptRecord<PluginRecord>(path, kRecordLimitBytes, "see that its component is as it should be"));
  return std::move(record).value_or(PluginRecord());
}

/// Only the agent reads it: there are secrets in the request.
Result<void> SaveRecord(const std::string& folder, const PluginRecord& record) {
  TRY(MakeFolder(folder, 0700));
  return WriteFileAtomically(RecordPath(folder), record.SerializeAsString(), 0600);
}

bool HasAny(const PluginRecord& record) {
  return record.phase() != PluginRecord::PHASE_UNSPECIFIED && record.phase() != PluginRecord::PHASE_REMOVED;
}

std::string Doing(const std::string& plugin, const std::string& verb) { return "plugin \"" + plugin + "\": " + verb; }

std::chrono::milliseconds DeadlineOf(const PluginDescription& description, const std::string& verb) {
  if (verb == "observe") return description.observe;
  if (verb == "apply") return description.apply;
  return verb == "remove" ? description.remove : description.health;
}

}  // namespace

Result<std::string> PluginStateFolder(const KindSetup& setup, const Instance& instance) {
  return ComponentFolder(setup, kPart, instance);
}

Result<PluginAct::Known> PluginAct::Find(const std::string& plugin) const {
  const auto file = files.find(plugin);
  if (file == files.end()) {
    return Error{Code::kNotFound, "the plugin \"" + plugin + "\", which put this here, is not there any more; put it " +
                                      "back into a plugin folder"};
  }
  if (const auto known = descriptions.find(plugin); known != descriptions.end())
    return Known{file->second, known->second};
  TRY_ASSIGN(auto description,
             DescribePlugin(plugin, file->second, setup.state_folder, limits).While(Doing(plugin, "describe")));
  return Known{file->second, std::move(description)};
}

Result<std::string> PluginAct::Request() const {
  TRY_ASSIGN(const auto folder, PluginStateFolder(setup, instance));
  TRY(MakeFolder(folder, 0700));
  return PluginRequest(setup, instance, folder);
}

Result<std::string> PluginAct::Ask(const std::string& plugin, const std::string& verb,
                                   const std::string& request) const {
  TRY_ASSIGN(const auto known, Find(plugin));
  TRY_ASSIGN(const auto folder, PluginStateFolder(setup, instance));
  TRY(MakeFolder(folder, 0700));
  return CallPlugin(known.file, verb, request, folder, DeadlineOf(known.description, verb), limits)
      .While(Doing(plugin, verb));
}

Result<void> PluginAct::Apply() const {
  const auto& plugin = instance.component.plugin().plugin();
  TRY_ASSIGN(const auto folder, PluginStateFolder(setup, instance));
  TRY_ASSIGN(auto record, LoadRecord(RecordPath(folder)));
  TRY_ASSIGN(const auto known, Find(plugin));
  const auto problems = CheckPluginConfig(known.description.config_schema, instance.component.plugin().config());
  if (!problems.empty()) return Error{Code::kInvalid, "plugin \"" + plugin + "\": " + problems.front()};
  if (HasAny(record) && record.plugin() != plugin) TRY(RemoveRecorded(record));
  TRY_ASSIGN(auto request, Request());
  record.set_phase(PluginRecord::PHASE_APPLYING);
  record.set_digest(instance.digest);
  record.set_plugin(plugin);
  record.set_request(request);
  TRY(SaveRecord(folder, record));
  TRY_ASSIGN(const auto answer, Ask(plugin, "apply", request));
  TRY(ParsePluginOutcome(answer).While(Doing(plugin, "apply")));
  record.set_phase(PluginRecord::PHASE_APPLIED);
  return SaveRecord(folder, record);
}

Result<void> PluginAct::RemoveRecorded(PluginRecord record) const {
  TRY_ASSIGN(const auto answer, Ask(record.plugin(), "remove", record.request()));
  TRY(ParsePluginOutcome(answer).While(Doing(record.plugin(), "remove")));
  TRY_ASSIGN(const auto folder, PluginStateFolder(setup, instance));
  record.set_phase(PluginRecord::PHASE_REMOVED);
  record.clear_request();
  return SaveRecord(folder, record);
}

Result<void> PluginAct::Remove() const {
  TRY_ASSIGN(const auto folder, PluginStateFolder(setup, instance));
  TRY_ASSIGN(const auto record, LoadRecord(RecordPath(folder)));
  return HasAny(record) ? RemoveRecorded(record) : Result<void>();
}

Result<void> PluginAct::Health() const {
  const auto& plugin = instance.component.plugin().plugin();
  TRY_ASSIGN(const auto request, Request());
  TRY_ASSIGN(const auto answer, Ask(plugin, "health", request));
  return ParsePluginOutcome(answer).While(Doing(plugin, "health"));
}

Result<Observed> PluginAct::Observe() const {
  const auto& plugin = instance.component.plugin().plugin();
  TRY_ASSIGN(const auto folder, PluginStateFolder(setup, instance));
  TRY_ASSIGN(const auto record, LoadRecord(RecordPath(folder)));
  Observed observed;
  observed.detail = "was not applied";
  if (!HasAny(record)) return observed;
  observed.match = Observed::Match::kDiffers;
  observed.detail = "another version was applied";
  if (record.plugin() != plugin || record.digest() != instance.digest) return observed;
  observed.detail = "was cut off, or failed, while it was applied";
  if (record.phase() != PluginRecord::PHASE_APPLIED) return observed;
  TRY_ASSIGN(const auto request, Request());
  TRY_ASSIGN(const auto answer, Ask(plugin, "observe", request));
  auto sight = ParsePluginSight(answer).While(Doing(plugin, "observe"));
  if (!sight) return std::move(sight).error();
  observed.match = sight->match;
  observed.state = sight->state;
  observed.detail = sight->detail;
  // What is gone was the component's: removing it still has to take away the rest.
  if (observed.match == Observed::Match::kMissing) observed.match = Observed::Match::kDiffers;
  return observed;
}

Result<void> ForgetRemovedPlugins(const KindSetup& setup) {
  std::vector<std::string> removed;
  std::error_code error;
  for (const auto& application : fs::directory_iterator(setup.state_folder + "/" + std::string(kPart), error)) {
    for (const auto& entry : fs::directory_iterator(application.path(), error)) {
      const auto path = entry.path().string();
      if (!path.ends_with(kRecordEnding)) continue;
      TRY_ASSIGN(const auto record, LoadRecord(path));
      if (!HasAny(record)) removed.push_back(path);
    }
  }
  for (const auto& path : removed) {
    // The record last, so that the rest is found again after a power failure.
    TRY(RemoveTree(path.substr(0, path.size() - kRecordEnding.size())));
    TRY(RemoveTree(path));
  }
  return {};
}

}  // namespace motley::agent
