#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "common/release/named_version.h"
#include "common/release/schema.h"
#include "tools/motley/command.h"
#include "tools/motley/library_source.h"
#include "tools/motley/library_text.h"
#include "tools/motley/local_artifacts.h"

namespace motley::cli {
namespace {

struct TemplateOptions {
  std::string file;
  std::string name;
  std::string other;
  std::vector<std::string> values;
  bool source = false;
};

Result<void> Push(Session& session, const TemplateOptions& options) {
  TRY_ASSIGN(const LoadedTemplate loaded, LoadTemplate(options.file));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(UploadMissing(session, {loaded.content.artifacts().begin(), loaded.content.artifacts().end()}, loaded.paths));
  TRY_ASSIGN(const v1::Template stored, api->AddTemplate(loaded.content));
  if (session.json()) return session.PrintJson(stored);
  session.terminal().Write(fmt::format("template {}@{} is stored\n", stored.name(), stored.version()));
  return {};
}

Result<void> List(Session& session, const TemplateOptions&) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::TemplateList list, api->ListTemplates());
  if (session.json()) return session.PrintJson(list);
  session.terminal().Write(RenderTemplateList(list, session.terminal()));
  return {};
}

Result<void> Show(Session& session, const TemplateOptions& options) {
  TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(options.name));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Template content, api->GetTemplate(named.name, named.version));
  if (session.json()) return session.PrintJson(content);
  session.terminal().Write(options.source ? content.source() : RenderTemplateContent(content, session.terminal()));
  return {};
}

Filling DefaultFilling(const v1::Template& content) {
  return {.application = content.name(),
          .version = content.version(),
          .variant = content.name(),
          .parameters = {},
          .without = {}};
}

/// KEY=VALUE each; application, version and variant as well.
Result<void> SetValues(const std::vector<std::string>& values, Filling& filling) {
  for (const std::string& value : values) {
    const auto equals = value.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Code::kInvalid, fmt::format("--set {}: write KEY=VALUE, as in --set period=5", value)};
    }
    const std::string key = value.substr(0, equals);
    const std::string text = value.substr(equals + 1);
    if (key == "application") {
      filling.application = text;
    } else if (key == "version") {
      filling.version = text;
    } else if (key == "variant") {
      filling.variant = text;
    } else {
      filling.parameters[key] = text;
    }
  }
  return {};
}

Result<void> RenderModel(Session& session, const TemplateOptions& options) {
  TRY_ASSIGN(const v1::Template content, FindTemplate(session, options.name));
  std::array<Filling, 1> filling{DefaultFilling(content)};
  TRY(SetValues(options.values, filling[0]));
  TRY_ASSIGN(const auto models, FillTemplate(content, filling));
  if (session.json()) return session.PrintJson(models[0]);
  session.terminal().Write(WriteModelFile(models[0]));
  return {};
}

/// With defaults and examples.
Result<v1::DeploymentModel> Sample(const v1::Template& content, const v1::Template& named_as) {
  std::array<Filling, 1> filling{DefaultFilling(named_as)};
  for (const v1::TemplateParameter& parameter : content.parameters()) {
    filling[0].parameters[parameter.name()] = parameter.value();
  }
  TRY_ASSIGN(auto models, FillTemplate(content, filling));
  return std::move(models[0]);
}

Result<void> Diff(Session& session, const TemplateOptions& options) {
  TRY_ASSIGN(const v1::Template from, FindTemplate(session, options.name));
  TRY_ASSIGN(const v1::Template to, FindTemplate(session, options.other));
  // ${version} stands for that of a release, which is not what differs here.
  TRY_ASSIGN(const v1::DeploymentModel before, Sample(from, to));
  TRY_ASSIGN(const v1::DeploymentModel after, Sample(to, to));
  const ModelDifference difference = DiffModels(before, {}, after, {});
  const std::vector<Change> changes = ChangesOf(from, to);
  session.terminal().Write(session.json() ? ChangesJson(changes, difference)
                                          : RenderChanges(changes, difference, session.terminal()));
  return {};
}

Result<void> Delete(Session& session, const TemplateOptions& options) {
  TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(options.name));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(api->DeleteTemplate(named.name, named.version));
  if (!session.json()) session.terminal().Write(fmt::format("template {} is deleted\n", named.Text()));
  return {};
}

}  // namespace

void AddTemplateCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "template", "Deployment models with parameters, kept for reuse",
                             "  motley template list\n  motley template push --help\n");
  auto options = std::make_shared<TemplateOptions>();

  CLI::App* push = AddCommand(*group, chosen, options, "push", "Store the template of a file, with its artifacts",
                              "  motley template push blink.yaml\n", Push);
  push->add_option("FILE", options->file, "Template file; docs/templates.md describes it")->required();

  AddCommand(*group, chosen, options, "list", "List templates, newest first, and the releases that use them",
             "  motley template list\n", List);

  CLI::App* show =
      AddCommand(*group, chosen, options, "show", "Show a template",
                 "  motley template show blink@1.0.0\n  motley template show blink@1.0.0 --source\n", Show);
  show->add_option("TEMPLATE", options->name, "NAME@VERSION")->required();
  show->add_flag("--source", options->source, "Print the file as its author wrote it");

  CLI::App* render =
      AddCommand(*group, chosen, options, "render", "Fill in a template and print the model that it makes",
                 "  motley template render blink@1.0.0 --set image=fast --set period=5\n"
                 "  motley template render blink.yaml\n\n"
                 "Of a file, no controller is asked. --set application=A, version=V and variant=V say what stands for\n"
                 "those; else it is the template's own name and version.\n",
                 RenderModel);
  render->add_option("TEMPLATE", options->name, "NAME@VERSION, or a template file")->required();
  render->add_option("--set", options->values, "KEY=VALUE for a parameter; as often as needed")
      ->allow_extra_args(false);

  CLI::App* remove =
      AddCommand(*group, chosen, options, "delete", "Delete a template that no variant and no release is made of",
                 "  motley template delete blink@1.0.0\n", Delete);
  remove->add_option("TEMPLATE", options->name, "NAME@VERSION")->required();

  CLI::App* diff = AddCommand(*group, chosen, options, "diff", "Print what differs, and the steps that it makes",
                              "  motley template diff blink@1.0.0 blink@1.1.0\n"
                              "  motley template diff blink@1.0.0 blink.yaml\n\n"
                              "The steps are those with the defaults and examples of the parameters.\n",
                              Diff);
  diff->add_option("FROM", options->name, "NAME@VERSION, or a template file")->required();
  diff->add_option("TO", options->other, "NAME@VERSION, or a template file")->required();

  AddSchemaCommand(*group, chosen, "template", TemplateSchema);
}

}  // namespace motley::cli
