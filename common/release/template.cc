#include "common/release/template.h"

#include "common/model/graph.h"
#include "common/release/read_model.h"

namespace motley {
namespace {

class Renderer {
 public:
  Renderer(const YamlFile& file, Parameters& parameters, const std::set<std::string>& without)
      : reader_(file, parameters, without) {}

  /// `read_elsewhere`: keys that may stand beside those of a template.
  Result<Rendered> Render(const YAML::Node& node, const std::string& what,
                          std::initializer_list<std::string_view> read_elsewhere) {
    Reader::Setters setters;
    setters["hosts"] = [this](const YAML::Node& value, const std::string&) { return Hosts(value); };
    setters["components"] = [this](const YAML::Node& value, const std::string&) { return Components(value); };
    setters["links"] = [this](const YAML::Node& value, const std::string&) { return Links(value); };
    for (const std::string_view key : read_elsewhere) {
      setters[key] = [](const YAML::Node&, const std::string&) { return Result<void>(); };
    }
    TRY(reader_.Keys(node, what, setters));
    return std::move(rendered_);
  }

 private:
  Result<void> Hosts(const YAML::Node& node) {
    return reader_.file().EachEntry(
        node, "hosts",
        [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) -> Result<void> {
          if (reader_.IsLeftOut(name)) return {};
          const std::string place = "host \"" + name + "\"";
          rendered_.lines[place] = name_node.Mark().line + 1;
          v1::Host& host = *rendered_.model.add_hosts();
          host.set_name(name);
          return ReadHost(reader_, value, place, host);
        });
  }

  Result<void> Components(const YAML::Node& node) {
    return reader_.file().EachEntry(
        node, "components",
        [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) -> Result<void> {
          if (reader_.IsLeftOut(name)) return {};
          const std::string place = "component \"" + name + "\"";
          rendered_.lines[place] = name_node.Mark().line + 1;
          v1::Component& component = *rendered_.model.add_components();
          component.set_name(name);
          return ReadComponent(reader_, value, place, component);
        });
  }

  Result<void> Links(const YAML::Node& node) {
    return reader_.Items(node, "links", [&](const YAML::Node& item) -> Result<void> {
      v1::Link link;
      TRY(ReadLink(reader_, item, "link", link));
      const bool left_out = reader_.IsLeftOut(SplitPortReference(link.from()).first) ||
                            reader_.IsLeftOut(SplitPortReference(link.to()).first);
      if (left_out) return {};
      rendered_.lines["link \"" + link.name() + "\""] = item.Mark().line + 1;
      *rendered_.model.add_links() = std::move(link);
      return {};
    });
  }

  Reader reader_;
  Rendered rendered_;
};

}  // namespace

Result<Rendered> RenderTemplate(const YamlFile& file, const YAML::Node& node, Parameters& parameters,
                                const std::set<std::string>& without) {
  return Renderer(file, parameters, without).Render(node, "template", {});
}

Result<Rendered> RenderModel(const YamlFile& file, Parameters& parameters) {
  const std::set<std::string> without;
  return Renderer(file, parameters, without).Render(file.root(), "model", {"artifacts", "parameters"});
}

}  // namespace motley
