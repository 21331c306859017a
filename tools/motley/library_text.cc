#include "tools/motley/library_text.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tools/motley/model_text.h"
#include "tools/motley/table.h"
#include "tools/motley/times.h"

namespace motley::cli {
namespace {

template <typename Texts>
std::string Joined(const Texts& texts, std::string_view between) {
  std::string joined;
  for (const auto& text : texts) joined += fmt::format("{}{}", joined.empty() ? "" : between, text);
  return joined;
}

template <typename Texts>
Cell Releases(const Texts& releases) {
  return releases.empty() ? Cell("-", Style::kFaint) : Cell(Joined(releases, ", "));
}

const char* TypeText(v1::TemplateParameter::Type type) {
  switch (type) {
    case v1::TemplateParameter::TYPE_INTEGER:
      return "integer";
    case v1::TemplateParameter::TYPE_NUMBER:
      return "number";
    case v1::TemplateParameter::TYPE_BOOLEAN:
      return "boolean";
    default:
      return "text";
  }
}

std::string DefaultText(const v1::TemplateParameter& parameter) {
  return parameter.mandatory() ? "" : fmt::format("\"{}\"", parameter.value());
}

/// All of a parameter on one line.
std::string ParameterText(const v1::TemplateParameter& parameter) {
  std::string text = TypeText(parameter.type());
  text += parameter.mandatory() ? ", mandatory" : ", default " + DefaultText(parameter);
  if (parameter.one_of_size() > 0) text += ", one of " + Joined(parameter.one_of(), ", ");
  return text;
}

void Compare(const std::string& field, const std::string& from, const std::string& to, std::vector<Change>& changes) {
  if (from != to) changes.push_back({field, from, to});
}

void CompareEach(std::string_view field, const std::map<std::string, std::string>& from,
                 const std::map<std::string, std::string>& to, std::vector<Change>& changes) {
  std::map<std::string, std::pair<std::string, std::string>> both;
  for (const auto& [name, value] : from) both[name].first = value;
  for (const auto& [name, value] : to) both[name].second = value;
  for (const auto& [name, values] : both) {
    Compare(fmt::format("{} \"{}\"", field, name), values.first, values.second, changes);
  }
}

std::map<std::string, std::string> Texts(const v1::Template& content) {
  std::map<std::string, std::string> texts;
  for (const v1::TemplateParameter& parameter : content.parameters())
    texts[parameter.name()] = ParameterText(parameter);
  return texts;
}

}  // namespace

std::string RenderTemplateList(const v1::TemplateList& list, const Terminal& terminal) {
  Table table({"TEMPLATE", "ADDED", "PARAMETERS", "RELEASES", "DESCRIPTION"});
  for (const v1::Template& content : list.templates()) {
    std::string parameters;
    for (const v1::TemplateParameter& parameter : content.parameters()) {
      parameters += (parameters.empty() ? "" : " ") + parameter.name();
    }
    table.AddRow({content.name() + "@" + content.version(), Ago(content.created_at(), Clock::now()), parameters,
                  Releases(content.releases()), content.description()});
  }
  return table.Render(terminal, "no templates; `motley template push FILE` brings one");
}

std::string RenderVariantList(const v1::TemplateVariantList& list, const Terminal& terminal) {
  Table table({"VARIANT", "ADDED", "TEMPLATE", "PREFER", "WHEN", "RELEASES"});
  for (const v1::TemplateVariant& content : list.variants()) {
    table.AddRow({content.name() + "@" + content.version(), Ago(content.created_at(), Clock::now()),
                  content.template_() + "@" + content.template_version(), std::to_string(content.prefer()),
                  content.when().empty() ? Cell("always", Style::kFaint) : Cell(content.when()),
                  Releases(content.releases())});
  }
  return table.Render(terminal, "no variants; `motley variant push FILE` brings one");
}

std::string RenderTemplateContent(const v1::Template& content, const Terminal& terminal) {
  const std::string head =
      RenderFields(terminal, {{"template", Cell(content.name() + "@" + content.version(), Style::kStrong)},
                              {"description", content.description()},
                              {"added", Ago(content.created_at(), Clock::now())},
                              {"releases", Releases(content.releases())}});
  Table parameters({"PARAMETER", "TYPE", "DEFAULT", "ONE OF", "DESCRIPTION"});
  for (const v1::TemplateParameter& parameter : content.parameters()) {
    parameters.AddRow({parameter.name(), std::string(TypeText(parameter.type())),
                       parameter.mandatory() ? Cell("to be given", Style::kFaint) : Cell(DefaultText(parameter)),
                       Joined(parameter.one_of(), " "), parameter.description()});
  }
  Table artifacts({"ARTIFACT", "FILE", "SIZE", "DIGEST"});
  const std::map<std::string, v1::ArtifactRef> sorted(content.artifacts().begin(), content.artifacts().end());
  for (const auto& [name, ref] : sorted) {
    artifacts.AddRow({name, ref.name(), SizeText(static_cast<double>(ref.size_bytes())), ref.digest()});
  }
  return head + "\n" + parameters.Render(terminal, "no parameters") + "\n" + artifacts.Render(terminal, "no artifacts");
}

std::string RenderVariantContent(const v1::TemplateVariant& content, const Terminal& terminal) {
  const std::string head =
      RenderFields(terminal, {{"variant", Cell(content.name() + "@" + content.version(), Style::kStrong)},
                              {"description", content.description()},
                              {"template", content.template_() + "@" + content.template_version()},
                              {"when", content.when().empty() ? Cell("always", Style::kFaint) : Cell(content.when())},
                              {"prefer", std::to_string(content.prefer())},
                              {"without", Joined(content.without(), ", ")},
                              {"added", Ago(content.created_at(), Clock::now())},
                              {"releases", Releases(content.releases())}});
  Table parameters({"PARAMETER", "VALUE"});
  const std::map<std::string, std::string> sorted(content.parameters().begin(), content.parameters().end());
  for (const auto& [name, value] : sorted) parameters.AddRow({name, value});
  return head + "\n" + parameters.Render(terminal, "no parameters of its own") + "\n" +
         RenderTopology(content.model(), terminal);
}

std::vector<Change> ChangesOf(const v1::Template& from, const v1::Template& to) {
  std::vector<Change> changes;
  Compare("description", from.description(), to.description(), changes);
  CompareEach("parameter", Texts(from), Texts(to), changes);
  return changes;
}

std::vector<Change> ChangesOf(const v1::TemplateVariant& from, const v1::TemplateVariant& to) {
  std::vector<Change> changes;
  Compare("description", from.description(), to.description(), changes);
  Compare("template", from.template_() + "@" + from.template_version(), to.template_() + "@" + to.template_version(),
          changes);
  Compare("when", from.when(), to.when(), changes);
  Compare("prefer", std::to_string(from.prefer()), std::to_string(to.prefer()), changes);
  Compare("without", Joined(from.without(), ", "), Joined(to.without(), ", "), changes);
  CompareEach("parameter", {from.parameters().begin(), from.parameters().end()},
              {to.parameters().begin(), to.parameters().end()}, changes);
  return changes;
}

std::string RenderChanges(const std::vector<Change>& changes, const ModelDifference& difference,
                          const Terminal& terminal) {
  Table table({"CHANGED", "FROM", "TO"});
  const auto cell = [](const std::string& text) { return text.empty() ? Cell("-", Style::kFaint) : Cell(text); };
  for (const Change& change : changes) table.AddRow({change.field, cell(change.from), cell(change.to)});
  return (changes.empty() ? "" : table.Render(terminal, "") + "\n") + RenderDifference(difference, terminal);
}

std::string ChangesJson(const std::vector<Change>& changes, const ModelDifference& difference) {
  nlohmann::ordered_json json{{"changes", nlohmann::ordered_json::array()}};
  for (const Change& change : changes) {
    json["changes"].push_back({{"field", change.field}, {"from", change.from}, {"to", change.to}});
  }
  json.update(nlohmann::ordered_json::parse(DifferenceJson(difference)));
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace motley::cli
