#include <charconv>

#include "common/model/model.h"
#include "common/release/read_model.h"
#include "common/selector/spelling.h"

namespace motley {
namespace {

using Setter = Reader::Setter;
using Setters = Reader::Setters;

constexpr int kMaxMode = 07777;
constexpr std::int64_t kMaxPids = 4'194'304;  // the kernel's limit, PID_MAX_LIMIT
constexpr std::uint32_t kMaxCpus = 4096;
constexpr std::int64_t kMaxProbationMs = 24ll * 3600 * 1000;
constexpr std::int64_t kMaxMegabytes = 1ll << 30;

/// Names of components; those that the variant does without are not waited for.
Setter Names(Reader& reader, google::protobuf::RepeatedPtrField<std::string>& names) {
  return [&reader, &names](const YAML::Node& node, const std::string& what) {
    return reader.Items(node, what, [&](const YAML::Node& item) -> Result<void> {
      TRY_ASSIGN(std::string name, reader.Text(item, what));
      if (!reader.IsLeftOut(name)) *names.Add() = std::move(name);
      return {};
    });
  };
}

Setter Megabytes(Reader& reader, std::function<void(std::uint64_t)> set) {
  return reader.Whole(std::move(set), 1, kMaxMegabytes);
}

/// "0.5" as 500: whole thousandths of a CPU.
Setter Cpus(Reader& reader, v1::Limits& limits) {
  return [&reader, &limits](const YAML::Node& node, const std::string& what) -> Result<void> {
    TRY_ASSIGN(const std::string text, reader.Text(node, what));
    const auto point = text.find('.');
    const std::string whole = text.substr(0, point);
    std::string thousandths = point == std::string::npos ? "" : text.substr(point + 1);
    const bool digits = !whole.empty() && whole.size() <= 4 && thousandths.size() <= 3 &&
                        (whole + thousandths).find_first_not_of("0123456789") == std::string::npos;
    thousandths.resize(3, '0');
    const unsigned long millis = digits ? std::stoul(whole) * 1000 + std::stoul(thousandths) : 0;
    if (millis == 0 || millis > kMaxCpus * 1000) {
      return reader.At(node, what + ": \"" + text + "\" is not a number of CPUs from 0.001 to 4096, as in 0.5");
    }
    limits.set_cpu_millis(static_cast<std::uint32_t>(millis));
    return {};
  };
}

Setter Limits(Reader& reader, v1::Component& component) {
  return [&reader, &component](const YAML::Node& node, const std::string& what) {
    v1::Limits& limits = *component.mutable_limits();
    return reader.Keys(node, what,
                       {{"memory_mb", Megabytes(reader, [&](auto memory) { limits.set_memory_mb(memory); })},
                        {"cpus", Cpus(reader, limits)},
                        {"pids", reader.Whole<std::uint32_t>([&](auto pids) { limits.set_pids(pids); }, 1, kMaxPids)},
                        {"disk_mb", Megabytes(reader, [&](auto disk) { limits.set_disk_mb(disk); })}});
  };
}

Setter ComponentResources(Reader& reader, v1::Component& component) {
  return [&reader, &component](const YAML::Node& node, const std::string& what) {
    v1::Resources& resources = *component.mutable_resources();
    return reader.Keys(node, what,
                       {{"memory_mb", Megabytes(reader, [&](auto memory) { resources.set_memory_mb(memory); })},
                        {"disk_mb", Megabytes(reader, [&](auto disk) { resources.set_disk_mb(disk); })}});
  };
}

Setters CommonKeys(Reader& reader, v1::Component& component) {
  Setters setters;
  setters["kind"] = [](const YAML::Node&, const std::string&) { return Result<void>(); };
  setters["host"] = reader.String([&] { return component.mutable_host(); });
  setters["depends_on"] = Names(reader, *component.mutable_depends_on());
  setters["follows"] = Names(reader, *component.mutable_follows());
  setters["provides"] = ProvidedPorts(reader, *component.mutable_provided_ports());
  setters["requires"] = RequiredPorts(reader, *component.mutable_required_ports());
  setters["properties"] = reader.TextMap(*component.mutable_properties());
  setters["health"] = Health(reader, [&] { return component.mutable_health(); });
  setters["resources"] = ComponentResources(reader, component);
  return setters;
}

void AddProcessKeys(Reader& reader, v1::ProcessSpec& process, Setters& setters) {
  setters["artifact"] = reader.Artifact([&] { return process.mutable_artifact(); });
  setters["command"] = reader.TextList(*process.mutable_command());
  setters["environment"] = reader.TextMap(*process.mutable_environment());
  setters["restart"] = Restart(reader, [&](auto restart) { process.set_restart(restart); });
  setters["confirm_ms"] = reader.Milliseconds([&](auto ms) { process.set_confirm_ms(ms); });
  setters["stop_timeout_ms"] = reader.Milliseconds([&](auto ms) { process.set_stop_timeout_ms(ms); });
}

Setter Mode(Reader& reader, v1::FileSpec& file) {
  return [&reader, &file](const YAML::Node& node, const std::string& what) -> Result<void> {
    TRY_ASSIGN(const std::string text, reader.Text(node, what));
    int mode = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (fault != std::errc() || end != text.data() + text.size() || mode < 0 || mode > kMaxMode) {
      return reader.At(node, what + ": \"" + text + "\" is not an octal number up to 7777, as in \"0644\"");
    }
    file.set_mode(static_cast<std::uint32_t>(mode));
    return {};
  };
}

void AddFileKeys(Reader& reader, v1::FileSpec& file, Setters& setters) {
  const auto taken = [&file] { return file.source_case() != v1::FileSpec::SOURCE_NOT_SET; };
  setters["path"] = reader.String([&] { return file.mutable_path(); });
  setters["content"] = reader.OneSource(taken, reader.String([&] { return file.mutable_content(); }));
  setters["artifact"] = reader.OneSource(taken, reader.Artifact([&] { return file.mutable_artifact(); }));
  setters["mode"] = Mode(reader, file);
  setters["owner"] = reader.String([&] { return file.mutable_owner(); });
  setters["group"] = reader.String([&] { return file.mutable_group(); });
}

void AddScriptKeys(Reader& reader, v1::ScriptSpec& script, Setters& setters) {
  const auto taken = [&script] { return script.source_case() != v1::ScriptSpec::SOURCE_NOT_SET; };
  setters["apply"] = reader.OneSource(taken, reader.String([&] { return script.mutable_apply(); }));
  setters["artifact"] = reader.OneSource(taken, reader.Artifact([&] { return script.mutable_artifact(); }));
  setters["undo"] = reader.String([&] { return script.mutable_undo(); });
  setters["environment"] = reader.TextMap(*script.mutable_environment());
  setters["timeout_ms"] = reader.Milliseconds([&](auto ms) { script.set_timeout_ms(ms); });
}

void AddFirmwareKeys(Reader& reader, v1::FirmwareSpec& firmware, Setters& setters) {
  setters["image"] = reader.Artifact([&] { return firmware.mutable_image(); });
  setters["version"] = reader.String([&] { return firmware.mutable_version(); });
  setters["hello_ms"] = reader.Milliseconds([&](auto ms) { firmware.set_hello_ms(ms); });
  setters["probation_ms"] =
      reader.Whole<std::uint32_t>([&](auto ms) { firmware.set_probation_ms(ms); }, 0, kMaxProbationMs);
  setters["self_test"] = reader.Flag([&](bool wanted) { firmware.set_self_test(wanted); });
  setters["address"] = reader.Whole<std::uint32_t>([&](auto address) { firmware.set_address(address); }, 0, UINT32_MAX);
  setters["absent_ms"] = reader.Milliseconds([&](auto ms) { firmware.set_absent_ms(ms); });
}

void AddArchiveKeys(Reader& reader, v1::ArchiveSpec& archive, Setters& setters) {
  setters["archive"] = reader.Artifact([&] { return archive.mutable_archive(); });
  setters["path"] = reader.String([&] { return archive.mutable_path(); });
}

void AddPackageKeys(Reader& reader, v1::PackageSpec& package, Setters& setters) {
  setters["package"] = reader.String([&] { return package.mutable_package(); });
  setters["version"] = reader.String([&] { return package.mutable_version(); });
  setters["deb"] = reader.Artifact([&] { return package.mutable_deb(); });
}

/// Makes `component` one of this kind, with the keys that it has. False if there is no such kind.
bool AddKindKeys(Reader& reader, const std::string& kind, v1::Component& component, Setters& setters) {
  if (kind == "process") {
    AddProcessKeys(reader, *component.mutable_process(), setters);
  } else if (kind == "file") {
    AddFileKeys(reader, *component.mutable_file(), setters);
  } else if (kind == "script") {
    AddScriptKeys(reader, *component.mutable_script(), setters);
  } else if (kind == "firmware") {
    AddFirmwareKeys(reader, *component.mutable_firmware(), setters);
  } else if (kind == "container") {
    AddContainerKeys(reader, *component.mutable_container(), setters);
  } else if (kind == "archive") {
    AddArchiveKeys(reader, *component.mutable_archive(), setters);
  } else if (kind == "package") {
    AddPackageKeys(reader, *component.mutable_package(), setters);
  } else if (kind == "plugin") {
    AddPluginKeys(reader, *component.mutable_plugin(), setters);
  } else {
    return false;
  }
  if (component.has_process() || component.has_script()) {
    setters["user"] = reader.String([&] { return component.mutable_user(); });
  }
  if (component.has_process() || component.has_script() || component.has_container()) {
    setters["limits"] = Limits(reader, component);
  }
  return true;
}

std::string KindsText() {
  std::string text;
  for (std::size_t i = 0; i < KindNames().size(); ++i) {
    text += (i == 0 ? "" : i + 1 == KindNames().size() ? " or " : ", ") + std::string(KindNames()[i]);
  }
  return text;
}

}  // namespace

Result<void> ReadComponent(Reader& reader, const YAML::Node& node, const std::string& what, v1::Component& component) {
  if (!node.IsMap()) return reader.At(node, what + ": expected keys and values");
  if (!node["kind"]) return reader.At(node, what + ": kind is missing; use " + KindsText());
  TRY_ASSIGN(const std::string kind, reader.Text(node["kind"], what + ": kind"));
  Setters setters = CommonKeys(reader, component);
  if (!AddKindKeys(reader, kind, component, setters)) {
    return reader.At(node["kind"], what + ": unknown kind \"" + kind + "\"" +
                                       DidYouMean(kind, {KindNames().begin(), KindNames().end()}) + "; use " +
                                       KindsText());
  }
  return reader.Keys(node, what + " of kind " + kind, setters);
}

Setter Restart(Reader& reader, std::function<void(v1::ProcessSpec::Restart)> set) {
  return reader.Choice<v1::ProcessSpec::Restart>({{"always", v1::ProcessSpec::RESTART_ALWAYS},
                                                  {"on-failure", v1::ProcessSpec::RESTART_ON_FAILURE},
                                                  {"never", v1::ProcessSpec::RESTART_NEVER}},
                                                 std::move(set));
}

}  // namespace motley
