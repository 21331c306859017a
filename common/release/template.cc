#include "common/release/template.h"

#include <charconv>
#include <functional>
#include <map>

namespace motley {
namespace {

using v1::Component;

constexpr std::int64_t kMaxMs = 24ll * 3600 * 1000;
constexpr int kMaxMode = 07777;

class Renderer {
 public:
  Renderer(const YamlFile& file, Parameters& parameters, const std::set<std::string>& without)
      : file_(file), parameters_(parameters), without_(without) {}

  Result<v1::DeploymentModel> Render(const YAML::Node& node) {
    TRY(file_.EachEntry(node, "template",
                        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                          if (key == "hosts") return Hosts(value);
                          if (key == "components") return Components(value);
                          return Result<void>(file_.UnknownKey(key_node, key, "template", {"hosts", "components"}));
                        }));
    return std::move(model_);
  }

 private:
  /// How one key of a component is read.
  using Setter = std::function<Result<void>(const YAML::Node& value, const std::string& what)>;
  using Setters = std::map<std::string_view, Setter>;

  Result<std::string> Text(const YAML::Node& node, const std::string& what) {
    TRY_ASSIGN(const std::string text, file_.Text(node, what));
    auto substituted = parameters_.Substitute(text);
    if (!substituted) return file_.At(node, what + ": " + substituted.error().message);
    return substituted;
  }

  Result<void> Hosts(const YAML::Node& node) {
    return file_.EachEntry(node, "hosts", [&](const std::string& name, const YAML::Node&, const YAML::Node& value) {
      return without_.contains(name) ? Result<void>() : OneHost(name, value);
    });
  }

  Result<void> OneHost(const std::string& name, const YAML::Node& node) {
    const std::string what = "host \"" + name + "\"";
    v1::Host& host = *model_.add_hosts();
    host.set_name(name);
    return file_.EachEntry(
        node, what, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
          if (key != "mcu" && key != "serial_number")
            return file_.UnknownKey(key_node, key, what, {"mcu", "serial_number"});
          TRY_ASSIGN(std::string text, Text(value, what + ": " + key));
          if (key == "mcu") host.mutable_mcu()->set_board(std::move(text));
          if (key == "serial_number") host.mutable_mcu()->set_serial_number(std::move(text));
          return {};
        });
  }

  Result<void> Components(const YAML::Node& node) {
    return file_.EachEntry(node, "components",
                           [&](const std::string& name, const YAML::Node&, const YAML::Node& value) {
                             return without_.contains(name) ? Result<void>() : OneComponent(name, value);
                           });
  }

  Result<void> OneComponent(const std::string& name, const YAML::Node& node) {
    const std::string what = "component \"" + name + "\"";
    if (!node.IsMap()) return file_.At(node, what + ": expected keys and values");
    if (!node["kind"]) return file_.At(node, what + ": kind is missing; use process, file, script or firmware");
    TRY_ASSIGN(const std::string kind, file_.Text(node["kind"], what + ": kind"));
    Component& component = *model_.add_components();
    component.set_name(name);
    Setters setters = CommonSetters(component);
    if (kind == "process") {
      AddProcess(*component.mutable_process(), setters);
    } else if (kind == "file") {
      AddFile(*component.mutable_file(), setters);
    } else if (kind == "script") {
      AddScript(*component.mutable_script(), setters);
    } else if (kind == "firmware") {
      AddFirmware(*component.mutable_firmware(), setters);
    } else {
      return file_.At(node["kind"], what + ": unknown kind \"" + kind + "\"; use process, file, script or firmware");
    }
    return file_.EachEntry(
        node, what, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
          const auto setter = setters.find(key);
          if (setter == setters.end()) {
            std::vector<std::string_view> known;
            for (const auto& [other, ignored] : setters) known.push_back(other);
            return file_.UnknownKey(key_node, key, what + " of kind " + kind, known);
          }
          return setter->second(value, what + ": " + key);
        });
  }

  // --- setters ---

  Setter String(std::function<std::string*()> field) {
    return [this, field](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(*field(), Text(node, what));
      return {};
    };
  }

  template <typename Message>
  Setter Milliseconds(Message& message, void (Message::*set)(std::uint32_t)) {
    return [this, &message, set](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(const std::string text, Text(node, what));
      TRY_ASSIGN(const std::int64_t number, file_.Integer(node, text, what, 1, kMaxMs));
      (message.*set)(static_cast<std::uint32_t>(number));
      return {};
    };
  }

  Setter Artifact(std::function<v1::ArtifactRef*()> artifact) {
    return [this, artifact](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(std::string name, Text(node, what));
      artifact()->set_name(std::move(name));
      return {};
    };
  }

  Setter Environment(google::protobuf::Map<std::string, std::string>& environment) {
    return [this, &environment](const YAML::Node& node, const std::string& what) {
      return file_.EachEntry(node, what,
                             [&](const std::string& key, const YAML::Node&, const YAML::Node& value) -> Result<void> {
                               TRY_ASSIGN(environment[key], Text(value, what + "." + key));
                               return {};
                             });
    };
  }

  Setter List(google::protobuf::RepeatedPtrField<std::string>& list) {
    return [this, &list](const YAML::Node& node, const std::string& what) {
      return file_.EachItem(node, what, [&](const YAML::Node& item) -> Result<void> {
        TRY_ASSIGN(*list.Add(), Text(item, what));
        return {};
      });
    };
  }

  Setters CommonSetters(Component& component) {
    Setters setters;
    setters["kind"] = [](const YAML::Node&, const std::string&) { return Result<void>(); };
    setters["host"] = [this, &component](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(std::string host, Text(node, what));
      component.set_host(std::move(host));
      return {};
    };
    setters["depends_on"] = [this, &component](const YAML::Node& node, const std::string& what) {
      return file_.EachItem(node, what, [&](const YAML::Node& item) -> Result<void> {
        TRY_ASSIGN(std::string name, Text(item, what));
        // What this variant does without is not waited for.
        if (!without_.contains(name)) component.add_depends_on(std::move(name));
        return {};
      });
    };
    return setters;
  }

  void AddProcess(v1::ProcessSpec& process, Setters& setters) {
    setters["artifact"] = Artifact([&process] { return process.mutable_artifact(); });
    setters["command"] = List(*process.mutable_command());
    setters["environment"] = Environment(*process.mutable_environment());
    setters["confirm_ms"] = Milliseconds(process, &v1::ProcessSpec::set_confirm_ms);
    setters["stop_timeout_ms"] = Milliseconds(process, &v1::ProcessSpec::set_stop_timeout_ms);
    setters["restart"] = [this, &process](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(const std::string text, Text(node, what));
      if (text == "always") {
        process.set_restart(v1::ProcessSpec::RESTART_ALWAYS);
      } else if (text == "on-failure") {
        process.set_restart(v1::ProcessSpec::RESTART_ON_FAILURE);
      } else if (text == "never") {
        process.set_restart(v1::ProcessSpec::RESTART_NEVER);
      } else {
        return file_.At(node, what + ": \"" + text + "\" is not always, on-failure or never");
      }
      return {};
    };
  }

  /// `content` and `apply` on one side, `artifact` on the other: one of them.
  Setter OneSource(std::function<bool()> taken, Setter setter) {
    return [this, taken, setter](const YAML::Node& node, const std::string& what) -> Result<void> {
      if (taken()) return file_.At(node, what + ": the text stands here and in an artifact; keep one");
      return setter(node, what);
    };
  }

  void AddFile(v1::FileSpec& file, Setters& setters) {
    const auto taken = [&file] { return file.source_case() != v1::FileSpec::SOURCE_NOT_SET; };
    setters["path"] = String([&file] { return file.mutable_path(); });
    setters["content"] = OneSource(taken, String([&file] { return file.mutable_content(); }));
    setters["artifact"] = OneSource(taken, Artifact([&file] { return file.mutable_artifact(); }));
    setters["mode"] = [this, &file](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(const std::string text, Text(node, what));
      int mode = 0;
      const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
      if (fault != std::errc() || end != text.data() + text.size() || mode < 0 || mode > kMaxMode) {
        return file_.At(node, what + ": \"" + text + "\" is not an octal number up to 7777, as in \"0644\"");
      }
      file.set_mode(static_cast<std::uint32_t>(mode));
      return {};
    };
  }

  void AddScript(v1::ScriptSpec& script, Setters& setters) {
    const auto taken = [&script] { return script.source_case() != v1::ScriptSpec::SOURCE_NOT_SET; };
    setters["apply"] = OneSource(taken, String([&script] { return script.mutable_apply(); }));
    setters["artifact"] = OneSource(taken, Artifact([&script] { return script.mutable_artifact(); }));
    setters["undo"] = String([&script] { return script.mutable_undo(); });
    setters["environment"] = Environment(*script.mutable_environment());
    setters["timeout_ms"] = Milliseconds(script, &v1::ScriptSpec::set_timeout_ms);
  }

  void AddFirmware(v1::FirmwareSpec& firmware, Setters& setters) {
    setters["image"] = Artifact([&firmware] { return firmware.mutable_image(); });
    setters["version"] = String([&firmware] { return firmware.mutable_version(); });
    setters["hello_ms"] = Milliseconds(firmware, &v1::FirmwareSpec::set_hello_ms);
  }

  const YamlFile& file_;
  Parameters& parameters_;
  const std::set<std::string>& without_;
  v1::DeploymentModel model_;
};

}  // namespace

Result<v1::DeploymentModel> RenderTemplate(const YamlFile& file, const YAML::Node& node, Parameters& parameters,
                                           const std::set<std::string>& without) {
  return Renderer(file, parameters, without).Render(node);
}

}  // namespace motley
